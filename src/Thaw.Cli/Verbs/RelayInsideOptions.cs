using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Thaw.Voice.Relaying;

namespace Thaw.Cli.Verbs;

/// <summary>The options of <c>serve</c> about its own relay and about TLS.</summary>
internal static class RelayInsideOptions
{
    public static readonly Option<string> Relay = new Option<string>("--relay") { Description = "A TURN server inside, on or off, that leads to this server only." }
        .OrVariable("THAW_RELAY_EMBEDDED", "on", "on or off", text => (text is "on" or "off", text)); // a bool takes true and false only
    public static readonly Option<int> Port = new Option<int>("--relay-port") { Description = "Its UDP and TCP port; a free one where that is taken. The HTTP port takes TURN too." }
        .OrVariable("THAW_RELAY_EMBEDDED_PORT", 3478, "0 to 65535", text => (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= 65535, port));
    public static readonly Option<string> Cert = new Option<string>("--cert") { Description = "PEM file with the certificate and its chain: the HTTP port becomes HTTPS, and TURN over TLS. Read anew when it changes." }
        .OrVariable("THAW_CERT", "", "a file", text => (true, text));
    public static readonly Option<string> Key = new Option<string>("--key") { Description = "PEM file with its private key." }
        .OrVariable("THAW_KEY", "", "a file", text => (true, text));

    public static EmbeddedRelayOptions? Of(ParseResult parsed)
        => parsed.GetValue(Relay) is "on" ? new EmbeddedRelayOptions { Port = (ushort)parsed.GetValue(Port) } : null;

    /// <summary>Null without one.</summary>
    /// <exception cref="CryptographicException">They cannot be read, do not fit each other, or one is missing.</exception>
    public static CertificateFiles? Certificate(ParseResult parsed)
    {
        string cert = parsed.GetValue(Cert)!, key = parsed.GetValue(Key)!;
        if (cert.Length > 0 != key.Length > 0) throw new CryptographicException("--cert and --key belong together.");
        return cert.Length > 0 ? new CertificateFiles(cert, key) : null;
    }
}
