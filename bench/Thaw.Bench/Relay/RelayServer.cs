using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Thaw.Load;

namespace Thaw.Bench.Relay;

/// <summary>A TURN server under test: alone on the first core, and as root in a network namespace of its own.</summary>
internal sealed class RelayServer : IDisposable
{
    private const string User = "user:pass", Realm = "north.gov";

    private static readonly string? Ip = Environment.UserName == "root" ? Array.Find(["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"], File.Exists) : null;

    private readonly Process _process;
    private readonly string? _namespace;
    private readonly string[] _priority;

    private RelayServer(string name, ushort port, string? network, string[] priority, string[] line)
    {
        (Name, Port, _namespace, _priority) = (name, port, network, priority);
        _process = Start("0", line);
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public ushort Port { get; }

    /// <summary>coturn, where it is installed, and thaw.</summary>
    /// <param name="priority">What stands in front of every command line.</param>
    public static async Task<RelayServer[]> StartAsync(string[] priority)
    {
        var servers = new List<RelayServer>();
        if (File.Exists("/usr/bin/turnserver"))
        {
            servers.Add(Make("coturn", priority, port =>
            [
                "/usr/bin/turnserver", "-n", "--no-cli", "--log-file", "/dev/null", "-L", "127.0.0.1", "-E", "127.0.0.1", "-p", $"{port}", "--lt-cred-mech", "-u", User,
                "-r", Realm, "--allow-loopback-peers", "--no-tls", "--no-dtls", "--no-tcp", "--no-rfc5780", "-m", "1", "--pidfile", "/dev/null",
            ]));
        }

        servers.Add(Make("thaw", priority, port =>
        [
            Thaw, "relay", "--json", "--listen", "127.0.0.1", "--no-tcp", "--port", $"{port}", "--realm", Realm, "--user", User, "--allow-peer", "127.0.0.0/8",
            "--unproven-rate", "1000000", "--total-quota", "20000", "--threads", "1", "--drain-seconds", "0",
        ]));
        await Task.Delay(TimeSpan.FromSeconds(4));
        foreach (var server in servers)
            if (server._process.HasExited) throw new InvalidOperationException($"{server.Name} ended with {server._process.ExitCode}.");
        return [.. servers];
    }

    /// <summary><c>thaw bench relay</c>, on the second core.</summary>
    public async Task<LoadReport> MeasureAsync(string arguments)
    {
        string[] line =
        [
            Thaw, "bench", "relay", "--json", "--server", $"127.0.0.1:{Port}", "--user", User, "--from", "127.0.1.1", "--peers-from", "127.0.2.1",
            "--pid", $"{_process.Id}", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ];
        using var load = Start("1", line);
        var errors = load.StandardError.ReadToEndAsync();
        string report = await load.StandardOutput.ReadToEndAsync();
        return report.Length > 0
            ? JsonSerializer.Deserialize(report, LoadJson.Default.LoadReport)!
            : throw new InvalidOperationException($"{Name}, {arguments}: {await errors}");
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        if (_namespace is not null) Run(Ip!, "netns", "del", _namespace);
    }

    private static string Thaw => Path.Combine(AppContext.BaseDirectory, "thaw");

    private static RelayServer Make(string name, string[] priority, Func<ushort, string[]> line)
    {
        if (Ip is null)
        {
            ushort free = FreePort();
            return new RelayServer(name, free, null, priority, line(free));
        }

        string network = $"bench-{name}-{Environment.ProcessId}";
        Run(Ip, "netns", "add", network);
        Run(Ip, "-n", network, "link", "set", "lo", "up");
        return new RelayServer(name, 3478, network, priority, line(3478));
    }

    private Process Start(string core, string[] line)
    {
        string[] network = _namespace is null ? [] : [Ip!, "netns", "exec", _namespace];
        string[] pinned = Environment.ProcessorCount > 1 ? ["taskset", "-c", core] : [];
        string[] whole = [.. network, .. pinned, .. _priority, .. line];
        return Process.Start(new ProcessStartInfo(whole[0], whole[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {process.ExitCode}");
    }

    private static ushort FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
