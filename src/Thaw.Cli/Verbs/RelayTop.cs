using System.CommandLine;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Thaw.Cli.Top;
using Thaw.Relay;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw relay top</c>: who uses a running relay, how much, and who is refused.</summary>
internal static class RelayTop
{
    internal static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(3);

    private static readonly Option<bool> Addresses = new Option<bool>("--addresses") { Description = "Show addresses, not tokens that stand for them." }.OrVariable("THAW_RELAY_TOP_ADDRESSES");
    private static readonly Option<bool> Once = new Option<bool>("--once") { Description = "Look for a second, print, end; 2 if something in the relay does not work any more." }.OrVariable("THAW_RELAY_TOP_ONCE");

    public static Command Command()
    {
        var command = new Command("top", "Show who uses a running relay, how much, and who is refused. The relay needs an --admin-port.") { Addresses, Once, Relay.Json };
        foreach (var option in AdminOptions.All) command.Add(option);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        using var end = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        try
        {
            using var relay = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = AdminOptions.UriFrom(parsed), Timeout = LongestAnswer };
            if (AdminOptions.ReadToken(parsed) is { Length: > 0 } token) relay.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            bool isOnce = parsed.GetValue(Once) || parsed.GetValue(Relay.Json) || Console.IsOutputRedirected;
            return isOnce
                ? await LookOnceAsync(relay, parsed.GetValue(Addresses), parsed.GetValue(Relay.Json), Console.Out, TimeProvider.System, end.Token)
                : await WatchAsync(relay, parsed.GetValue(Addresses), end.Token);
        }
        catch (Exception e) when (e is RelayLookException or RelayHostException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"thaw: {e.Message}");
            return ExitCode.CannotRun;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }

        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            end.Cancel();
        }
    }

    /// <summary>Two looks, as rates need two.</summary>
    /// <exception cref="RelayLookException">The relay cannot be looked at.</exception>
    internal static async Task<int> LookOnceAsync(HttpClient relay, bool showsAddresses, bool isJson, TextWriter writer, TimeProvider time, CancellationToken cancel)
    {
        var before = await RelayLook.TakeAsync(relay, showsAddresses, time, cancel);
        await Task.Delay(Between, time, cancel);
        var look = await RelayLook.TakeAsync(relay, showsAddresses, time, cancel);
        int exit = look.Readiness.Faults is [] ? ExitCode.Ok : ExitCode.Found;

        if (isJson) writer.WriteLine(JsonSerializer.Serialize(TopReport.Of(look, before, exit), TopJson.Default.TopReport));
        else foreach (string line in new TopView(int.MaxValue, int.MaxValue, isColoured: false).Render(look, before, trouble: null)) writer.WriteLine(line);
        return exit;
    }

    /// <summary>Until Ctrl-C. A relay that is away for a while is waited for, under what it said last.</summary>
    private static async Task<int> WatchAsync(HttpClient relay, bool showsAddresses, CancellationToken cancel)
    {
        const string enter = "\e[?1049h\e[?25l", leave = "\e[?25h\e[?1049l", home = "\e[H", restOfLine = "\e[K", restOfScreen = "\e[J";
        bool isColoured = Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 };
        var look = await RelayLook.TakeAsync(relay, showsAddresses, TimeProvider.System, cancel);
        var before = look;
        string? trouble = null;
        Console.Out.Write(enter);
        try
        {
            while (true)
            {
                int width = Math.Max(20, Console.WindowWidth), height = Math.Max(10, Console.WindowHeight);
                var lines = new TopView(width, height, isColoured).Render(look, before, trouble).Take(height - 1);
                Console.Out.Write(home + string.Concat(lines.Select(line => line + restOfLine + "\n")) + restOfScreen);
                await Task.Delay(Between, cancel);
                try
                {
                    (before, look, trouble) = (look, await RelayLook.TakeAsync(relay, showsAddresses, TimeProvider.System, cancel), null);
                }
                catch (RelayLookException e)
                {
                    trouble = e.Message;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok; // there is no other way to end it
        }
        finally
        {
            Console.Out.Write(leave);
        }
    }
}
