using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Thaw.IceServers;
using Thaw.IceServers.Reading;
using Thaw.IceServers.Sources;
using Thaw.Net.Gathering;

namespace Thaw.Cli.Verbs;

/// <summary>The options about STUN and TURN servers, for both ends of a call.</summary>
internal static class IceServerOptions
{
    private const string Hidden = "SERVERS", HiddenSource = "SOURCE"; // in what we print of a command line

    public static readonly Option<IceServer[]> Servers = new Option<IceServer[]>("--ice-servers")
    {
        Description = "STUN and TURN servers for clients and this server: URLs, or JSON with urls, username and credential; may be repeated.",
        AllowMultipleArgumentsPerToken = true,
    }.OrSecretVariable(["THAW_ICE_SERVERS", "PIPECAT_ICE_SERVERS"], Parse);

    public static readonly Option<IceSourceSpec[]> Sources = new Option<IceSourceSpec[]>("--ice-source")
    {
        Description = $"Where more of them come from, PRESET[:key=value,...]; may be repeated. Presets: {string.Join(", ", IceSources.Names)}. Secrets belong in variables or files.",
        AllowMultipleArgumentsPerToken = true,
    }.OrSecretVariable(["THAW_ICE_SOURCES"], ParseSources);

    public static readonly Option<int> Lifetime = new Option<int>("--ice-lifetime") { Description = "Seconds that TURN credentials are asked for; calls that last longer are given new ones." }
        .OrVariable("THAW_ICE_LIFETIME", 86_400, "60 to 2592000", text => (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds is >= 60 and <= 2_592_000, seconds));

    public static readonly Option<bool> RelayOnly = new Option<bool>("--relay-only") { Description = "Advise pages, in /api/ice-servers, to use relays only." }.OrVariable("THAW_RELAY_ONLY");

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
            if (word == Servers.Name || word == Sources.Name)
            {
                isSecret = true;
                yield return word == Servers.Name ? Hidden : HiddenSource;
            }
        }
    }

    private static (IReadOnlyList<IceServer>, string) Parse(string text)
        => IceServerText.TryRead(text, DateTimeOffset.UtcNow, out var servers, out string error) ? (servers, "") : ([], error);

    // In a variable there may be several, in lines or between semicolons.
    private static (IReadOnlyList<IceSourceSpec>, string) ParseSources(string text)
    {
        var specs = new List<IceSourceSpec>();
        foreach (string one in text.Split(['\n', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!IceSourceSpec.TryParse(one, out var spec, out string error)) return ([], error);
            if (!IceSources.Names.Contains(spec.Preset)) return ([], $"no preset \"{spec.Preset}\"; there are {string.Join(", ", IceSources.Names)}");
            specs.Add(spec);
        }

        return (specs, "");
    }

    /// <summary>With the secrets that they name, which are read now.</summary>
    public static bool TryCreate(ParseResult parsed, IceSourceSurroundings around, out IReadOnlyList<IIceServerSource> sources, out string error)
    {
        var created = new List<IIceServerSource>();
        (sources, error) = (created, "");
        foreach (var spec in parsed.GetValue(Sources)!)
        {
            if (!IceSources.TryCreate(spec, around, out var source, out error)) return false;
            if (created.Exists(other => other.Name == source.Name)) { error = $"two sources are named {source.Name}: give one of them name=…"; return false; }
            created.Add(source);
        }

        return true;
    }

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
