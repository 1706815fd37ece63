using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Thaw.Net.Gathering;

namespace Thaw.Cli.Verbs;

/// <summary>The options about STUN and TURN servers that this server uses itself.</summary>
internal static class IceServerOptions
{
    private const string Hidden = "SERVERS"; // in what we print of a command line

    public static readonly Option<IceServer[]> Servers = new Option<IceServer[]>("--ice-servers")
    {
        Description = "STUN and TURN servers that this server uses: URLs, or JSON with urls, username and credential; may be repeated.",
        AllowMultipleArgumentsPerToken = true,
    }.OrSecretVariable(["THAW_ICE_SERVERS", "PIPECAT_ICE_SERVERS"], Parse);

    public static readonly Option<X509Certificate2[]> Authority = new Option<X509Certificate2[]>("--ice-ca") { Description = "File of certificates (PEM) to trust besides the system's, for TURN over TLS." }
        .OrVariable("THAW_ICE_CA", [], "a file with certificates in PEM", Certificates);

    public static X509Certificate2Collection? Trusted(ParseResult parsed)
        => parsed.GetValue(Authority) is { Length: > 0 } certificates ? [.. certificates] : null;

    /// <summary>The words of a command line, with nothing secret in them.</summary>
    public static IEnumerable<string> WithoutSecrets(IEnumerable<string> words)
    {
        bool isSecret = false;
        foreach (string word in words)
        {
            if (word.StartsWith("--", StringComparison.Ordinal)) isSecret = false;
            if (!isSecret) yield return word;
            if (word == Servers.Name)
            {
                isSecret = true;
                yield return Hidden;
            }
        }
    }

    private static (IReadOnlyList<IceServer>, string) Parse(string text)
        => IceServer.TryParseList(text, out var servers, out string error) ? (servers, "") : ([], error);

    private static (bool, X509Certificate2[]) Certificates(string path)
    {
        try
        {
            var read = new X509Certificate2Collection();
            read.ImportFromPemFile(path);
            return (read.Count > 0, [.. read]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return (false, []);
        }
    }
}
