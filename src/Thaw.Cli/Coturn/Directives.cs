using System.Globalization;
using System.Net;
using Thaw.Cli.Configuration;

namespace Thaw.Cli.Coturn;

/// <summary>
/// What becomes of each directive of coturn's (those of 4.6 and 4.17): a line each. Options are named without their dashes;
/// one that this program does not have is told as such.
/// </summary>
internal static class Directives
{
    private const string Database = "there is no database: write the users into thaw.yaml or a file (turnadmin -l lists them), or mint credentials with a shared secret.";
    private const string Panel = "there is no such panel; nothing listens for it.";
    private const string Log = "logs go to standard error, where the service manager keeps them (journalctl -u thaw).";
    private const string Ciphers = "TLS 1.2 and 1.3 with the system's choice of ciphers; OpenSSL's own configuration changes that.";
    private const string Realms = "there is one realm.";
    private const string OneService = "STUN and TURN are served together; a firewall can tell ports apart, not what is asked.";
    private const int Unlimited = 1_000_000; // what our quotas take

    private delegate void Effect(ConfReading reading, ConfLine line);

    private static readonly Dictionary<string, Effect> Table = new(StringComparer.Ordinal)
    {
        // Where it listens.
        ["listening-port"] = To("port"),
        ["tls-listening-port"] = To("tls-port"),
        ["listening-ip"] = Each("listen", Address, "an address"),
        ["listening-device"] = Told("name addresses instead (listening-ip)."),
        ["alt-listening-port"] = To("behaviour-port", skip: "0"), // of RFC 5780
        ["alt-tls-listening-port"] = Told("TLS has one port."),
        ["tcp-proxy-port"] = Told("there is no PROXY protocol on a port of its own."),
        ["aux-server"] = Told("it listens on one port of all addresses: start another process for another port."),
        ["udp-self-balance"] = Nothing,
        ["no-udp"] = Told("UDP is always served: close its port in the firewall."),
        ["no-tcp"] = Switch("no-tcp"),
        ["no-tls"] = Remembered,
        ["no-dtls"] = Remembered,
        ["dtls"] = Nothing, // with a certificate there is

        // Where it relays.
        ["relay-ip"] = Each("relay-ip", Address, "an address"),
        ["relay-device"] = Told("name an address instead (relay-ip)."),
        ["external-ip"] = (reading, line) => reading.AddExternal(line),
        ["min-port"] = Remembered,
        ["max-port"] = Remembered,
        ["relay-threads"] = (reading, line) => reading.Set("threads", line, line.Value is "0" ? "1" : line.Value), // 0: all in one, for coturn
        ["no-udp-relay"] = Told("UDP is what it relays."),
        ["no-tcp-relay"] = Remembered,
        ["mobility"] = Switch("mobility"),
        ["keep-address-family"] = Told("a relayed address is of IPv4 unless the client asks otherwise (RFC 8656 §7.2)."),
        ["allocation-default-address-family"] = Unless("ipv4", "a relayed address is of IPv4 unless the client asks otherwise (RFC 8656 §7.2)."),
        ["server-relay"] = Told("a dangerous one: no."),
        ["multiplex-peer"] = Nothing,
        ["udp-gso"] = Nothing,
        ["udp-recvmmsg"] = Nothing,

        // Who may use it.
        ["realm"] = To("realm"),
        ["user"] = User,
        ["lt-cred-mech"] = Remembered,
        ["use-auth-secret"] = Remembered,
        ["static-auth-secret"] = Each("auth-secret", Any, "a secret"),
        ["no-auth"] = (reading, line) => { if (line.IsOn) reading.Refuse(line, "a relay for everybody carries everybody's attacks: this one does not. Give it users or a secret."); },
        ["rest-api-separator"] = Unless(":", "minted names are expiry:user, with a colon."),
        ["secret-key-file"] = Told(Database),
        ["oauth"] = (reading, line) =>
        {
            reading.Remember(line);
            reading.Warn(line, "its keys are in coturn's database: give them with --oauth-key.");
        },
        ["server-name"] = Remembered, // of OAuth; the certificate has the name that clients check
        ["check-origin-consistency"] = Told("the ORIGIN attribute is not looked at."),
        ["no-auth-pings"] = Nothing,
        ["no-dynamic-ip-list"] = Nothing,
        ["no-dynamic-realms"] = Nothing,
        ["userdb"] = Told(Database),
        ["db"] = Told(Database),
        ["psql-userdb"] = Told(Database),
        ["mysql-userdb"] = Told(Database),
        ["mongo-userdb"] = Told(Database),
        ["redis-userdb"] = Told(Database),
        ["redis-statsdb"] = Told("numbers are in the metrics, not in Redis."),

        // Whom they may reach.
        ["allowed-peer-ip"] = Each("allow-peer", AddressRange.ToPrefixes, "an address or a range such as 10.0.0.0-10.0.255.255"),
        ["denied-peer-ip"] = Each("deny-peer", AddressRange.ToPrefixes, "an address or a range such as 10.0.0.0-10.0.255.255"),
        ["allow-loopback-peers"] = (reading, line) =>
        {
            if (!line.IsOn) return;
            reading.Add("allow-peer", line, ["127.0.0.0/8", "::1/128"]);
            reading.Warn(line, "taken over: whoever has a credential reaches every service of this machine. For tests only.");
        },
        ["no-multicast-peers"] = Nothing, // always

        // How much.
        ["user-quota"] = To("user-quota"),
        ["total-quota"] = (reading, line) => reading.Set("total-quota", line, line.Value is "0" ? Unlimited.ToString(CultureInfo.InvariantCulture) : line.Value),
        ["max-bps"] = To("max-rate", skip: "0"),
        ["bps-capacity"] = To("total-rate", skip: "0"),
        ["stale-nonce"] = Unless("600", "a nonce lives an hour and works for one client address only."),
        ["max-allocate-lifetime"] = To("max-lifetime", skip: "3600"),
        ["channel-lifetime"] = Unless("600", "RFC 8656 §12 says ten minutes, and clients count on it."),
        ["permission-lifetime"] = Unless("300", "RFC 8656 §9 says five minutes, and clients count on it."),
        ["max-allocate-timeout"] = Nothing,

        // TLS.
        ["cert"] = To("cert"),
        ["pkey"] = To("key"),
        ["pkey-pwd"] = Told("a key in a file must be readable: openssl pkey -in KEY -out PLAIN, and rights for the service's user only."),
        ["cipher-list"] = Told(Ciphers),
        ["ec-curve-name"] = Told(Ciphers),
        ["dh566"] = Told(Ciphers),
        ["dh1066"] = Told(Ciphers),
        ["dh2066"] = Told(Ciphers),
        ["dh-file"] = Told(Ciphers),
        ["CA-file"] = Told("clients are known by their credentials, not by certificates."),
        ["no-sslv3"] = Nothing,
        ["no-tlsv1"] = Nothing,
        ["no-tlsv1_1"] = Nothing,
        ["no-tlsv1_2"] = Told(Ciphers),
        ["tlsv1"] = Nothing,

        // STUN.
        ["stun-only"] = Remembered,
        ["no-stun"] = Told(OneService),
        ["secure-stun"] = Told("Binding requests need no credentials: a client asks before it has any."),
        ["fingerprint"] = Nothing, // answered as asked
        ["no-software-attribute"] = Nothing,
        ["software-attribute"] = Told("the answers do not say what answers: it would help attackers, and forgers of addresses."),
        ["include-reason-string"] = Told("the reason is in the log."),
        ["no-rfc5780"] = Nothing,
        ["rfc5780"] = Switch("behaviour"),
        ["no-stun-backward-compatibility"] = Nothing,
        ["response-origin-only-with-rfc5780"] = Nothing,
        ["rfc5766-channel-numbers"] = Nothing, // 0x4000 to 0x7FFF always

        // Other servers.
        ["alternate-server"] = (reading, line) =>
        {
            if (!IPEndPoint.TryParse(line.Value, out var end)) { reading.Refuse(line, "takes an address, or address:port."); return; }
            if (end.Port == 0) end.Port = 3478;
            reading.Add("alternate-server", line, [end.ToString()]);
            reading.Warn(line, "taken over, but clients are sent there only while this server drains; coturn sends them at any time. To share load, give clients several servers.");
        },
        ["tls-alternate-server"] = Told("there is one kind of alternate server (alternate-server), and it is named while this one drains."),
        ["udp-alternate-server"] = Told("there is one kind of alternate server (alternate-server), and it is named while this one drains."),
        ["tcp-alternate-server"] = Told("there is one kind of alternate server (alternate-server), and it is named while this one drains."),
        ["drain-min-allocations"] = Told("SIGTERM drains, for --drain-seconds at most."),

        // Being looked after.
        ["prometheus"] = Remembered,
        ["prometheus-port"] = Remembered,
        ["prometheus-address"] = Told("metrics are for this machine only, unless --admin-address and --admin-token say otherwise."),
        ["prometheus-path"] = Unless("/metrics", "the path is /metrics."),
        ["prometheus-username-labels"] = Told("names of users are no labels: minted ones would fill the memory."),
        ["verbose"] = Switch("verbose"),
        ["Verbose"] = Switch("verbose"),
        ["daemon"] = Told("it stays in the foreground; the service manager puts it in the background."),
        ["log-file"] = Told(Log),
        ["log-binding"] = Told("Binding requests are counted, not logged."),
        ["no-stdout-log"] = Told(Log),
        ["syslog"] = Told(Log),
        ["syslog-facility"] = Told(Log),
        ["simple-log"] = Told(Log),
        ["new-log-timestamp"] = Nothing,
        ["new-log-timestamp-format"] = Told(Log),
        ["pidfile"] = Told("no file is written; the service manager knows the process."),
        ["proc-user"] = Told("User= in the service's unit says so, with AmbientCapabilities=CAP_NET_BIND_SERVICE for ports below 1024."),
        ["proc-group"] = Told("Group= in the service's unit says so."),
        ["no-cli"] = Nothing,
        ["cli"] = Told(Panel),
        ["cli-ip"] = Told(Panel),
        ["cli-port"] = Told(Panel),
        ["cli-password"] = Told(Panel),
        ["cli-max-output-sessions"] = Told(Panel),
        ["web-admin"] = Told(Panel),
        ["web-admin-ip"] = Told(Panel),
        ["web-admin-port"] = Told(Panel),
        ["web-admin-listen-on-workers"] = Told(Panel),
        ["acme-redirect"] = Told("a port of TURN answers no HTTP: let the ACME client answer on port 80. A renewed certificate is read at the next handshake."),
        ["ne"] = Nothing,
    };

    /// <summary>Known ones, for a test.</summary>
    public static IReadOnlyCollection<string> Names => Table.Keys;

    public static void Apply(ConfReading reading, ConfLine line)
    {
        if (Table.TryGetValue(line.Name, out var effect)) effect(reading, line);
        else reading.Warn(line, $"no directive of coturn's that is known here{Suggestion.For(line.Name, Table.Keys)}.");
    }

    private static Effect To(string option, string? skip = null) => (reading, line) =>
    {
        if (line.Value != skip) reading.Set(option, line, line.Value);
    };

    private static Effect Each(string option, Func<string, string[]?> transform, string expected) => (reading, line) =>
    {
        if (transform(line.Value) is { } texts) reading.Add(option, line, texts);
        else reading.Refuse(line, $"takes {expected}.");
    };

    private static Effect Switch(string option) => (reading, line) =>
    {
        if (line.IsOn) reading.Set(option, line, "true");
    };

    private static Effect Told(string why) => (reading, line) =>
    {
        if (line.IsOn) reading.Warn(line, why);
    };

    private static Effect Unless(string same, string why) => (reading, line) =>
    {
        if (line.Value != same && line.Value.Length > 0) reading.Warn(line, why);
    };

    private static void Nothing(ConfReading reading, ConfLine line) { }

    private static void Remembered(ConfReading reading, ConfLine line)
    {
        if (line.IsOn) reading.Remember(line);
    }

    // The MD5 key of a user (user=name:0x…) is not his password, and SHA-256 wants another key of it.
    private static void User(ConfReading reading, ConfLine line)
    {
        if (line.Value.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var colon)) reading.Refuse(line, "takes name:password.");
        else if (line.Value.AsSpan(colon + 1).StartsWith("0x", StringComparison.Ordinal))
            reading.Warn(line, "left out: this is a hash of the password, from which keys for SHA-256 cannot be made. Give the password itself with --user.");
        else reading.Add("user", line, [line.Value]);
    }

    private static string[]? Address(string text) => IPAddress.TryParse(text, out _) ? [text] : null;

    private static string[]? Any(string text) => text.Length > 0 ? [text] : null;
}
