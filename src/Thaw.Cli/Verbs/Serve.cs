using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Thaw.IceServers.Checking;
using Thaw.IceServers.Sources;
using Thaw.Net;
using Thaw.Net.Addresses;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Thaw.Voice.Agents;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw serve</c>: a page, a voice backend and an agent, in one process.</summary>
internal static class Serve
{
    private const int NoPort = -1; // System.CommandLine knows no null for a number

    private static readonly string Agents = string.Join(", ", ShippedAgents.ByName.Keys);

    private static readonly Option<int> Port = new Option<int>("--port", "-p") { Description = "HTTP port; 0 takes a free one." }
        .OrVariable("THAW_PORT", 7860, "0 to 65535", text => EnvironmentOptions.Number(text, 0, 65535));
    private static readonly Option<int> UdpPort = new Option<int>("--udp-port") { Description = "The one UDP port for all media." }
        .OrVariable("THAW_UDP_PORT", 7860, "0 to 65535", text => EnvironmentOptions.Number(text, 0, 65535));
    private static readonly Option<int> TcpPort = new Option<int>("--tcp-port") { Description = "TCP port for media where UDP is blocked; the UDP port's number without it, off for none." }
        .OrVariable("THAW_TCP_PORT", 0, "1 to 65535 or off", text => text is "off" ? (true, NoPort) : EnvironmentOptions.Number(text, 1, 65535));
    private static readonly Option<IPAddress[]> UdpAddresses = new Option<IPAddress[]>("--udp-address") { Description = "Address for media, may be repeated; every address of this machine without it.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_UDP_ADDRESS", [], "addresses such as 203.0.113.7", Addresses);
    private static readonly Option<string> Host = new Option<string>("--host") { Description = "Address to serve HTTP on; 0.0.0.0 exposes it to the network." }
        .OrVariable("THAW_HOST", "localhost", "localhost or an address", text => (text is "localhost" || IPAddress.TryParse(text, out _), text));
    private static readonly Option<string> Agent = new Option<string>("--agent") { Description = $"Who answers: {Agents}." }
        .OrVariable("THAW_AGENT", "echo", $"one of {Agents}", text => (ShippedAgents.ByName.ContainsKey(text), text));
    private static readonly Option<int> MaxSessions = new Option<int>("--max-sessions") { Description = "Calls at a time." }
        .OrVariable("THAW_MAX_SESSIONS", 100, "1 to 10000", text => EnvironmentOptions.Number(text, 1, 10_000));
    private static readonly Option<string[]> AllowedOrigins = new Option<string[]>("--allowed-origins") { Description = "Web origins whose pages may call; all without it.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_ALLOWED_ORIGINS", [], "origins such as https://example.org", Origins);
    private static readonly Option<ConnectBudget> Budget = new Option<ConnectBudget>("--budget") { Description = "Seconds that a stage of a connect may take, as checks=7,dtls=8.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_BUDGET", new ConnectBudget(), BudgetOption.Expected, BudgetOption.Parse);
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print the start line as one JSON document." }.OrVariable("THAW_JSON");
    private static readonly Option<bool> Verbose = new Option<bool>("--verbose", "-v") { Description = "Log more, to standard error." }.OrVariable("THAW_VERBOSE");

    /// <summary>All that decides how it serves; <c>ports</c> takes the same.</summary>
    public static IReadOnlyList<Option> Settings { get; } =
        [Port, UdpPort, TcpPort, UdpAddresses, IceServerOptions.Servers, IceServerOptions.Sources, IceServerOptions.Lifetime, IceServerOptions.RelayOnly, IceServerOptions.Authority, AddressOptions.PublicIp, AddressOptions.Interface, AddressOptions.ExcludeInterface, Host, Agent, MaxSessions, AllowedOrigins, Budget,
         RelayInsideOptions.Relay, RelayInsideOptions.Port, RelayInsideOptions.Cert, RelayInsideOptions.Key, WatchOptions.Probes, WatchOptions.Token];

    public static Command Command()
    {
        var command = new Command("serve", "Serve the voice page and answer its calls.") { Json, Verbose };
        foreach (var option in Settings) command.Add(option);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

        if (!IceServerOptions.TryCreate(parsed, new IceSourceSurroundings(), out var sources, out string error))
        {
            Console.Error.WriteLine($"thaw: {IceServerOptions.Sources.Name}: {error}.");
            return ExitCode.Usage;
        }

        foreach (var finding in IceServerCheck.Of(parsed.GetValue(IceServerOptions.Servers)!, DateTimeOffset.UtcNow))
            foreach (string line in finding.Lines()) Console.Error.WriteLine($"thaw: {IceServerOptions.Servers.Name}: {line}");

        VoiceServer server;
        try
        {
            var options = OptionsFrom(parsed) with { IceSources = sources };
            if (RelayInsideOptions.Certificate(parsed) is { } files) options = options with { Certificate = files.Context };
            server = await VoiceServer.StartAsync(options, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or PeerHostException)
        {
            Console.Error.WriteLine($"thaw: {e.Message}");
            return ExitCode.CannotRun;
        }

        await using (server)
        {
            Announce(server, parsed);
            await stop.Task;
            server.Drain();
        }

        return ExitCode.Ok;

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (!stop.TrySetResult()) Environment.Exit(ExitCode.Interrupted); // the second time means now
        }
    }

    internal static VoiceServerOptions OptionsFrom(ParseResult parsed) => new()
    {
        Port = parsed.GetValue(Port),
        UdpPort = parsed.GetValue(UdpPort),
        TcpPort = parsed.GetValue(TcpPort) is not NoPort and var tcp ? tcp : null,
        UdpAddresses = parsed.GetValue(UdpAddresses) is { Length: > 0 } addresses ? addresses : null,
        Relay = RelayInsideOptions.Of(parsed),
        IceServers = parsed.GetValue(IceServerOptions.Servers)!,
        IceLifetime = TimeSpan.FromSeconds(parsed.GetValue(IceServerOptions.Lifetime)),
        ProbesIceServers = parsed.GetValue(WatchOptions.Probes) is "on",
        MetricsToken = parsed.GetValue(WatchOptions.Token) is [var token, ..] ? token : "",
        RelayOnly = parsed.GetValue(IceServerOptions.RelayOnly),
        TrustedCertificates = IceServerOptions.Trusted(parsed),
        PublicAddresses = parsed.GetValue(AddressOptions.PublicIp)!,
        Interfaces = AddressOptions.Filter(parsed),
        Host = parsed.GetValue(Host)!,
        Agent = ShippedAgents.ByName[parsed.GetValue(Agent)!],
        MaxSessions = parsed.GetValue(MaxSessions),
        AllowedOrigins = parsed.GetValue(AllowedOrigins) is { Length: > 0 } origins && !origins.Contains("*") ? origins : null,
        Budget = parsed.GetValue(Budget)!,
        Logging = logging => LogTo(logging, parsed.GetValue(Verbose) ? LogLevel.Debug : LogLevel.Information),
    };

    // Standard output is for the result; what happens meanwhile goes to standard error.
    private static void LogTo(ILoggingBuilder logging, LogLevel least) => logging.SetMinimumLevel(least)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            bool plain = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } || Console.IsErrorRedirected;
            console.ColorBehavior = plain ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Enabled;
        })
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    private static void Announce(VoiceServer server, ParseResult parsed)
    {
        string agent = parsed.GetValue(Agent)!;
        var remedies = RemediesFor(parsed, server.Url.Port, server.UdpPort, server.TcpPort);
        var check = SelfCheck.Of(HostFacts.Read(), server.LocalCandidates, parsed.GetValue(AddressOptions.PublicIp)!, server.UnknownNames, remedies);
        if (parsed.GetValue(Json))
        {
            var line = new StartLine(1, server.Url.ToString(), server.UdpPort, server.TcpPort, server.Codecs.Names, agent, check.Announced, check.Warnings, server.Relay?.Port);
            Console.Out.WriteLine(JsonSerializer.Serialize(line, ServeJson.Default.StartLine));
            return;
        }

        string ports = server.TcpPort == server.UdpPort ? $"UDP and TCP port {server.UdpPort}"
            : server.TcpPort is { } tcp ? $"UDP port {server.UdpPort}, TCP port {tcp}" : $"UDP port {server.UdpPort}";
        if (server.Relay is { } relay) ports += $", relay port {relay.Port}";
        Console.Out.WriteLine($"Thaw is at {server.Url} ({ports}; {server.Codecs.Description}; agent {agent}). Ctrl-C stops it.");
        foreach (string said in check.Lines()) Console.Out.WriteLine(said);
    }

    /// <summary>For advice in the words of the user's own command line.</summary>
    internal static Remedies RemediesFor(ParseResult parsed, int port, int udpPort, int? tcpPort) => new(
        [.. IceServerOptions.WithoutSecrets(parsed.Tokens.Skip(1).Select(token => token.Value)).Where(word => word is not ("--json" or "--verbose" or "-v" or "--strict"))],
        port, udpPort, tcpPort, parsed.GetValue(Host) is "localhost" || IPAddress.TryParse(parsed.GetValue(Host), out var host) && IPAddress.IsLoopback(host))
    {
        RelayPort = RelayInsideOptions.Of(parsed)?.Port,
        Servers = [.. parsed.GetValue(IceServerOptions.Servers)!.SelectMany(s => s.Urls).Select(url => IceServerUrl.TryParse(url, out var server, out _) ? server : null).OfType<IceServerUrl>()],
    };

    private static (bool, IPAddress[]) Addresses(string text)
    {
        var addresses = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
            .Select(part => IPAddress.TryParse(part, out var address) ? address : IPAddress.None).ToArray();
        return (!addresses.Contains(IPAddress.None), addresses);
    }

    private static (bool, string[]) Origins(string text)
    {
        string[] origins = text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        return (Array.TrueForAll(origins, o => o is "*" || Uri.TryCreate(o, UriKind.Absolute, out var uri) && uri.PathAndQuery is "/"), origins);
    }
}

/// <summary>What <c>thaw serve --json</c> prints once it serves.</summary>
internal sealed record StartLine(
    int SchemaVersion, string Url, int UdpPort, int? TcpPort, IReadOnlyList<string> Codecs, string Agent,
    IReadOnlyList<AnnouncedLine> Announced, IReadOnlyList<WarningLine> Warnings, int? RelayPort);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StartLine))]
internal sealed partial class ServeJson : JsonSerializerContext;
