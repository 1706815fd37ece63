using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Thaw.Bench.Relay;

/// <summary>A TURN server under test: a process alone on the first core.</summary>
internal sealed class RelayServer : IDisposable
{
    public const string User = "user", Password = "pass", Realm = "north.gov";

    private readonly Process _process;

    private RelayServer(string name, Process process, ushort port) => (Name, _process, Port) = (name, process, port);

    public string Name { get; }

    public ushort Port { get; }

    /// <summary>On-CPU time of all its threads, in nanoseconds.</summary>
    public long Cpu => Directory.EnumerateDirectories($"/proc/{_process.Id}/task")
        .Sum(task => long.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>Resident bytes.</summary>
    public long Resident => long.Parse(File.ReadAllText($"/proc/{_process.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    public static async Task<RelayServer> ThawAsync(string name, params string[] more)
    {
        ushort port = FreePort();
        return await StartAsync(name, port,
        [
            Path.Combine(AppContext.BaseDirectory, "thaw"), "relay", "--json", "--listen", "127.0.0.1", "--no-tcp", "--port", $"{port}", "--realm", Realm,
            "--user", $"{User}:{Password}", "--allow-peer", "127.0.0.0/8", "--unproven-rate", "1000000", "--threads", "1", "--drain-seconds", "0", .. more,
        ]);
    }

    /// <summary>Null where coturn is not installed.</summary>
    public static async Task<RelayServer?> CoturnAsync()
    {
        if (!File.Exists("/usr/bin/turnserver")) return null;
        ushort port = FreePort();
        return await StartAsync("coturn", port,
        [
            "/usr/bin/turnserver", "-n", "--no-cli", "--log-file", "/dev/null", "-L", "127.0.0.1", "-E", "127.0.0.1", "-p", $"{port}", "--lt-cred-mech",
            "-u", $"{User}:{Password}", "-r", Realm, "--allow-loopback-peers", "--no-tls", "--no-dtls", "--no-tcp", "--no-rfc5780", "-m", "1", "--pidfile", "/dev/null",
        ]);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static async Task<RelayServer> StartAsync(string name, ushort port, string[] line)
    {
        if (Environment.ProcessorCount > 1) line = ["taskset", "-c", "0", .. line];
        var process = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Task.Delay(TimeSpan.FromSeconds(4));
        return process.HasExited ? throw new InvalidOperationException($"{name} ended with {process.ExitCode}.") : new RelayServer(name, process, port);
    }

    private static ushort FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
