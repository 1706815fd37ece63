using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Thaw.Net;
using Thaw.Voice;
using Thaw.Voice.Agents;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw serve</c>: a page, a voice backend and an agent, in one process.</summary>
internal static class Serve
{
    private static readonly string Agents = string.Join(", ", ShippedAgents.ByName.Keys);

    private static readonly Option<int> Port = new Option<int>("--port", "-p") { Description = "HTTP port; 0 takes a free one." }
        .OrVariable("THAW_PORT", 7860, Number);
    private static readonly Option<int> UdpPort = new Option<int>("--udp-port") { Description = "The one UDP port for all media." }
        .OrVariable("THAW_UDP_PORT", 7860, Number);
    private static readonly Option<string> Host = new Option<string>("--host") { Description = "Address to serve HTTP on; 0.0.0.0 exposes it to the network." }
        .OrVariable("THAW_HOST", "localhost", text => (true, text));
    private static readonly Option<string> Agent = new Option<string>("--agent") { Description = $"Who answers: {Agents}." }
        .OrVariable("THAW_AGENT", "echo", text => (true, text));
    private static readonly Option<int> MaxSessions = new Option<int>("--max-sessions") { Description = "Calls at a time." }
        .OrVariable("THAW_MAX_SESSIONS", 100, Number);
    private static readonly Option<string[]> AllowedOrigins = new Option<string[]>("--allowed-origins")
        { Description = "Web origins whose pages may call; all without it.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_ALLOWED_ORIGINS", [], text => (true, text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)));
    private static readonly Option<bool> Json = new("--json") { Description = "Print the start line as one JSON document." };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Log more, to standard error." };

    public static Command Command()
    {
        Port.Validators.Add(InRange(Port, 0, 65535));
        UdpPort.Validators.Add(InRange(UdpPort, 0, 65535));
        MaxSessions.Validators.Add(InRange(MaxSessions, 1, 1_000_000));
        Host.Validators.Add(r =>
        {
            if (r.GetValue(Host) is { } host and not "localhost" && !IPAddress.TryParse(host, out _))
                r.AddError($"--host takes localhost or an address, not \"{host}\".");
        });
        Agent.Validators.Add(r =>
        {
            if (!ShippedAgents.ByName.ContainsKey(r.GetValue(Agent)!)) r.AddError($"There is no agent \"{r.GetValue(Agent)}\". There are: {Agents}.");
        });

        var command = new Command("serve", "Serve the voice page and answer its calls.") { Port, UdpPort, Host, Agent, MaxSessions, AllowedOrigins, Json, Verbose };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

        VoiceServer server;
        try
        {
            server = await VoiceServer.StartAsync(OptionsFrom(parsed), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or PeerHostException)
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

    private static VoiceServerOptions OptionsFrom(ParseResult parsed) => new()
    {
        Port = parsed.GetValue(Port),
        UdpPort = parsed.GetValue(UdpPort),
        Host = parsed.GetValue(Host)!,
        Agent = ShippedAgents.ByName[parsed.GetValue(Agent)!],
        MaxSessions = parsed.GetValue(MaxSessions),
        AllowedOrigins = parsed.GetValue(AllowedOrigins) is { Length: > 0 } origins and not ["*"] ? origins : null,
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
        if (parsed.GetValue(Json))
        {
            var line = new StartLine(1, server.Url.ToString(), server.UdpPort, server.Codecs.Names, agent);
            Console.Out.WriteLine(JsonSerializer.Serialize(line, ServeJson.Default.StartLine));
            return;
        }

        Console.Out.WriteLine($"Thaw is at {server.Url} (UDP port {server.UdpPort}; {server.Codecs.Description}; agent {agent}). Ctrl-C stops it.");
    }

    private static (bool, int) Number(string text) => (int.TryParse(text, CultureInfo.InvariantCulture, out int value), value);

    private static Action<System.CommandLine.Parsing.OptionResult> InRange(Option<int> option, int least, int most) => result =>
    {
        if (result.GetValueOrDefault<int>() is var value && (value < least || value > most))
            result.AddError($"{option.Name} must be from {least} to {most}.");
    };
}

/// <summary>What <c>thaw serve --json</c> prints once it serves.</summary>
internal sealed record StartLine(int SchemaVersion, string Url, int UdpPort, IReadOnlyList<string> Codecs, string Agent);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StartLine))]
internal sealed partial class ServeJson : JsonSerializerContext;
