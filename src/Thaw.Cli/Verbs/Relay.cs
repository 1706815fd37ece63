using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.Cli.Configuration;
using Thaw.Cli.Coturn;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Admin;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw relay</c>: a STUN and TURN server.</summary>
internal static class Relay
{
    private const int Most = 1_000_000;

    private static readonly Option<IPAddress[]> Listen = new Option<IPAddress[]>("--listen") { Description = "Address to listen at, may be repeated; every address of this machine without it.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_RELAY_LISTEN", [], "addresses such as 203.0.113.7", text => Each(text, Address));
    private static readonly Option<int> Port = new Option<int>("--port", "-p") { Description = "UDP and TCP port; 0 takes a free one." }
        .OrVariable("THAW_RELAY_PORT", 3478, "0 to 65535", text => EnvironmentOptions.Number(text, 0, 65535));
    private static readonly Option<bool> NoTcp = new Option<bool>("--no-tcp") { Description = "Without TCP; TLS stays." }.OrVariable("THAW_RELAY_NO_TCP");
    private static readonly Option<bool> NoDtls = new Option<bool>("--no-dtls") { Description = "Without DTLS at the UDP port of the TLS port's number." }.OrVariable("THAW_RELAY_NO_DTLS");
    private static readonly Option<bool> Behaviour = new Option<bool>("--behaviour") { Description = "Also NAT behaviour discovery (RFC 5780), at the first two addresses of each family." }.OrVariable("THAW_RELAY_BEHAVIOUR");
    private static readonly Option<int> BehaviourPort = new Option<int>("--behaviour-port") { Description = "Its second UDP port; 0 takes a free one." }
        .OrVariable("THAW_RELAY_BEHAVIOUR_PORT", 3479, "0 to 65535", text => EnvironmentOptions.Number(text, 0, 65535));
    private static readonly Option<int> TlsPort = new Option<int>("--tls-port") { Description = "TCP port for TLS; 443 passes most firewalls." }
        .OrVariable("THAW_RELAY_TLS_PORT", 5349, "0 to 65535", text => EnvironmentOptions.Number(text, 0, 65535));
    internal static readonly Option<string> Cert = new Option<string>("--cert") { Description = "PEM file with the certificate and its chain. Read anew when it changes." }
        .OrVariable("THAW_RELAY_CERT", "", "a file", text => (true, text));
    internal static readonly Option<string> Key = new Option<string>("--key") { Description = "PEM file with its private key." }
        .OrVariable("THAW_RELAY_KEY", "", "a file", text => (true, text));
    private static readonly Option<string> Realm = new Option<string>("--realm") { Description = "Part of every user's key." }
        .OrVariable("THAW_RELAY_REALM", "thaw", "1 to 127 characters", text => (text.Length is > 0 and < 128, text)); // RFC 8489 §14.9
    private static readonly Option<(ushort, ushort)> Range = new Option<(ushort, ushort)>("--relay-range") { Description = "Ports to relay from; open them in the firewall." }
        .OrVariable("THAW_RELAY_RANGE", ((ushort)49152, (ushort)65535), "two ports such as 49152-65535", Ports);
    private static readonly Option<IPAddress[]> RelayIp = new Option<IPAddress[]>("--relay-ip") { Description = "Local address to relay from, one of each family; the first listened at without it.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_RELAY_IP", [], "addresses such as 203.0.113.7", text => Each(text, Address));
    private static readonly Option<IPAddress[]> ExternalIp = new Option<IPAddress[]>("--external-ip") { Description = "Public address that a 1:1 NAT maps to this machine, one of each family.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_RELAY_EXTERNAL_IP", [], "addresses such as 203.0.113.7", text => Each(text, Address));
    internal static readonly Option<string> Profile = new Option<string>("--profile") { Description = "Which peers: public (the Internet only) or lan (private networks too)." }
        .OrVariable("THAW_RELAY_PROFILE", "public", "public or lan", text => (text is "public" or "lan", text));
    private static readonly Option<AddressPrefix[]> AllowPeer = new Option<AddressPrefix[]>("--allow-peer") { Description = "Block of peers to allow against every rule, such as 10.1.0.0/16; may be repeated.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_RELAY_ALLOW_PEER", [], "blocks such as 10.1.0.0/16, with no bits behind the prefix", text => Each(text, Prefix));
    private static readonly Option<AddressPrefix[]> DenyPeer = new Option<AddressPrefix[]>("--deny-peer") { Description = "Block of peers to deny besides; may be repeated.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_RELAY_DENY_PEER", [], "blocks such as 10.1.0.0/16, with no bits behind the prefix", text => Each(text, Prefix));
    private static readonly Option<int> UserQuota = new Option<int>("--user-quota") { Description = "Relayed addresses of one user; 0: no limit." }
        .OrVariable("THAW_RELAY_USER_QUOTA", 0, $"0 to {Most}", text => EnvironmentOptions.Number(text, 0, Most));
    private static readonly Option<int> TotalQuota = new Option<int>("--total-quota") { Description = "Relayed addresses of all." }
        .OrVariable("THAW_RELAY_TOTAL_QUOTA", 10_000, $"1 to {Most}", text => EnvironmentOptions.Number(text, 1, Most));
    private static readonly Option<int> UnprovenRate = new Option<int>("--unproven-rate") { Description = "Answers a second and source to requests without valid credentials." }
        .OrVariable("THAW_RELAY_UNPROVEN_RATE", 20, $"1 to {Most}", text => EnvironmentOptions.Number(text, 1, Most));
    private static readonly Option<string[]> Alternate = new Option<string[]>("--alternate-server") { Description = "ADDRESS:PORT for new clients while this one drains; one of each family.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_RELAY_ALTERNATE_SERVER", [], "ADDRESS:PORT", text => Each(text, end => (IPEndPoint.TryParse(end, out var parsed) && parsed.Port > 0, end)));
    private static readonly Option<int> DrainSeconds = new Option<int>("--drain-seconds") { Description = "How long a SIGTERM waits for the allocations to end." }
        .OrVariable("THAW_RELAY_DRAIN_SECONDS", 30, "0 to 86400", text => EnvironmentOptions.Number(text, 0, 86_400));
    private static readonly Option<int> Threads = new Option<int>("--threads") { Description = "Threads that relay; 0: one for each processor." }
        .OrVariable("THAW_RELAY_THREADS", 0, "0 to 256", text => EnvironmentOptions.Number(text, 0, 256));
    private static readonly Option<int> LingerUs = new Option<int>("--linger-us") { Description = "Microseconds that small packets may wait for company, from 25000 a second on; 0: never. Saves wake-ups." }
        .OrVariable("THAW_RELAY_LINGER_US", 100, "0 to 5000", text => EnvironmentOptions.Number(text, 0, 5_000));
    private static readonly Option<string> Log = new Option<string>("--log") { Description = "How to log: text, or json with one object a line." }
        .OrVariable("THAW_RELAY_LOG", "text", "text or json", text => (text is "text" or "json", text));
    private static readonly Option<bool> TcpRelay = new Option<bool>("--tcp-relay") { Description = "Relay TCP connections too (RFC 6062). Whoever may allocate may then connect to every port that the peer rules do not deny." }
        .OrVariable("THAW_RELAY_TCP_RELAY");
    private static readonly Option<bool> Mobility = new Option<bool>("--mobility") { Description = "Allocations may follow their client to another address (RFC 8016)." }
        .OrVariable("THAW_RELAY_MOBILITY");
    private static readonly Option<bool> Icmp = new Option<bool>("--icmp") { Description = "Tell clients of the ICMP messages that their packets draw (Linux)." }
        .OrVariable("THAW_RELAY_ICMP");
    private static readonly Option<bool> Portable = new Option<bool>("--portable") { Description = "Without the fast sockets of Linux." }.OrVariable("THAW_RELAY_PORTABLE");
    internal static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print one JSON document." }.OrVariable("THAW_RELAY_JSON");
    private static readonly Option<bool> Verbose = new Option<bool>("--verbose", "-v") { Description = "Log more, also addresses, to standard error." }.OrVariable("THAW_RELAY_VERBOSE");

    public static Command Command()
    {
        var command = new Command("relay", "Serve STUN and TURN.")
        {
            Listen, Port, NoTcp, NoDtls, Behaviour, BehaviourPort, TlsPort, Cert, Key, Realm, Range, RelayIp, ExternalIp, Profile, AllowPeer, DenyPeer,
            UserQuota, TotalQuota, UnprovenRate, Alternate, DrainSeconds, Threads, LingerUs, TcpRelay, Mobility, Icmp, Portable, Log, Json, Verbose,
        };
        foreach (var option in RelayAccounts.Options) command.Add(option);
        foreach (var option in AdminOptions.All) command.Add(option);
        command.Options.Insert(0, TurnserverConf.Option); // the others are looked up in it
        command.Add(RelayTop.Command());
        command.Add(RelayCheckVerb.Command(command.Options));
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using var signals = new RelaySignals();
        var log = new RelayLog(Console.Error, parsed.GetValue(Verbose), parsed.GetValue(Log) is "json");
        foreach (string note in parsed.GetValue(TurnserverConf.Option)?.Lines() ?? []) Console.Error.WriteLine($"thaw: {note}");
        var refusals = new RefusalRing(TimeProvider.System);
        RelayHost host;
        RelayAdminServer? admin = null;
        try
        {
            var adminOptions = AdminOptions.From(parsed);
            var options = OptionsFrom(parsed, log);
            host = RelayHost.Start(adminOptions is null ? options : options with { Observed = options.Observed + refusals.Note });
            if (adminOptions is not null) admin = await StartAdminAsync(host, refusals, adminOptions);
        }
        catch (Exception e) when (e is RelayHostException or IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            Console.Error.WriteLine($"thaw: {e.Message}");
            return ExitCode.CannotRun;
        }

        await using (host)
        await using (admin)
        {
            Announce(host, admin?.Port, parsed);
            await signals.UntilStoppedAsync(host, new RelayReload(host, () => ServerFrom(Anew(parsed)), log), log);
            int patience = parsed.GetValue(DrainSeconds);
            if (host.AllocationCount is > 0 and var left && patience > 0) log.Say("draining", $"no new allocations; {left} to go, and {patience} s for that");
            await host.DrainAsync(TimeSpan.FromSeconds(patience));
        }

        return ExitCode.Ok;
    }

    private static async Task<RelayAdminServer> StartAdminAsync(RelayHost host, RefusalRing refusals, RelayAdminOptions options)
    {
        try
        {
            return await RelayAdminServer.StartAsync(host, refusals, options);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    // The line is parsed again: variables stay, the files that it names may say something else now.
    private static ParseResult Anew(ParseResult parsed)
    {
        var anew = ConfigOption.Again(parsed);
        return anew.Errors is [var first, ..] ? throw new RelayHostException(first.Message) : anew;
    }

    internal static RelayHostOptions OptionsFrom(ParseResult parsed, RelayLog? log = null, bool withCertificate = true)
    {
        string cert = parsed.GetValue(Cert)!, key = parsed.GetValue(Key)!;
        if (cert.Length > 0 != key.Length > 0 && withCertificate) throw new RelayHostException("--cert and --key belong together.");
        var files = cert.Length > 0 && withCertificate ? new CertificateFiles(cert, key) : null;
        return new RelayHostOptions
        {
            Listen = parsed.GetValue(Listen)!,
            Port = (ushort)parsed.GetValue(Port),
            ListensOnTcp = !parsed.GetValue(NoTcp),
            TlsPort = (ushort)parsed.GetValue(TlsPort),
            Certificate = files is null ? null : files.Current,
            Intermediates = files is null ? null : files.Intermediates,
            ListensOnDtls = !parsed.GetValue(NoDtls),
            BehaviourPort = parsed.GetValue(Behaviour) ? (ushort)parsed.GetValue(BehaviourPort) : null,
            ExternalAddresses = parsed.GetValue(ExternalIp)!,
            Loops = parsed.GetValue(Threads),
            Linger = TimeSpan.FromMicroseconds(parsed.GetValue(LingerUs)),
            IsPortable = parsed.GetValue(Portable),
            ReportsIcmp = parsed.GetValue(Icmp),
            Observed = log is null ? null : log.Write,
            Server = ServerFrom(parsed),
        };
    }

    /// <summary>What a reload reads again.</summary>
    /// <exception cref="RelayHostException">A file is not as it must be.</exception>
    private static TurnServerOptions ServerFrom(ParseResult parsed)
    {
        var (first, last) = parsed.GetValue(Range);
        var policy = parsed.GetValue(Profile) is "lan" ? PeerPolicy.Lan : PeerPolicy.Public;
        var options = new TurnServerOptions
        {
            Realm = parsed.GetValue(Realm)!,
            RelayAddresses = [.. parsed.GetValue(RelayIp)!.Select(address => new RelayAddress(new TransportAddress(address, 0)))],
            FirstRelayPort = first,
            LastRelayPort = last,
            RelaysTcp = parsed.GetValue(TcpRelay),
            IsMobile = parsed.GetValue(Mobility),
            UserQuota = parsed.GetValue(UserQuota) is > 0 and var quota ? quota : int.MaxValue,
            TotalQuota = parsed.GetValue(TotalQuota),
            UnprovenAnswersPerSecond = parsed.GetValue(UnprovenRate),
            UnprovenAnswersAtOnce = Math.Max(200, parsed.GetValue(UnprovenRate)),
            Alternates = [.. parsed.GetValue(Alternate)!.Select(IPEndPoint.Parse).Select(end => new TransportAddress(end.Address, (ushort)end.Port))],
            Policy = policy.With(parsed.GetValue(AllowPeer)!, parsed.GetValue(DenyPeer)!.Select(prefix => new PeerRule(prefix, "--deny-peer"))),
        };
        return RelayAccounts.Into(options, parsed);
    }

    private static void Announce(RelayHost host, int? adminPort, ParseResult parsed)
    {
        string[] relays = [.. host.Server.RelayAddresses.Select(relay => relay.Announced.Address.ToString())];
        var server = host.Server;
        if (parsed.GetValue(Json))
        {
            var line = new RelayStartLine(1, host.Port, host.TlsPort, server.Realm, relays, server.FirstRelayPort, server.LastRelayPort, host.Loops, host.DtlsPort,
                [.. host.Behaviour.Select(family => family.HasTwoAddresses ? $"{family.Primary}, {family.Alternate}" : $"{family.Primary}, port {family.Alternate.Port}")], adminPort);
            Console.Out.WriteLine(JsonSerializer.Serialize(line, RelayJson.Default.RelayStartLine));
            return;
        }

        string tls = host.TlsPort is { } port ? $", TLS port {port}" : "";
        string watched = adminPort is { } at ? $"; watched at port {at}" : "";
        Console.Out.WriteLine($"Thaw relays at {string.Join(" and ", relays)} (port {host.Port}{tls}; open {(server.RelaysTcp ? "UDP and TCP" : "UDP")} {server.FirstRelayPort}-{server.LastRelayPort}; realm {server.Realm}{watched}). Ctrl-C stops it.");
        if (server.Users.Count + server.SharedSecrets.Count + server.OAuthKeys.Count == 0) Console.Error.WriteLine("thaw: no user, no secret and no key: this is a STUN server, nobody can allocate.");
    }

    private static (bool, T[]) Each<T>(string text, Func<string, (bool Ok, T Value)> parse)
    {
        var parsed = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries).Select(parse).ToArray();
        return (Array.TrueForAll(parsed, part => part.Ok), [.. parsed.Select(part => part.Value)]);
    }

    private static (bool, IPAddress) Address(string text) => (IPAddress.TryParse(text, out var address), address ?? IPAddress.None);

    private static (bool, AddressPrefix) Prefix(string text) => (AddressPrefix.TryParse(text, out var prefix), prefix);

    private static (bool, (ushort, ushort)) Ports(string text)
        => text.Split('-') is [var first, var last] && EnvironmentOptions.Number(first, 1, 65535) is (true, var low) && EnvironmentOptions.Number(last, low, 65535) is (true, var high)
            ? (true, ((ushort)low, (ushort)high))
            : (false, default);
}

/// <summary>What <c>thaw relay --json</c> prints once it serves.</summary>
internal sealed record RelayStartLine(
    int SchemaVersion, int Port, int? TlsPort, string Realm, IReadOnlyList<string> RelayAddresses, int FirstRelayPort, int LastRelayPort, int Threads,
    int? DtlsPort, IReadOnlyList<string> Behaviour, int? AdminPort);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RelayStartLine))]
internal sealed partial class RelayJson : JsonSerializerContext;
