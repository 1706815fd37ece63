using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>
/// A network of its own with an address, a route and nobody else. Firefox never checks a loopback candidate, and takes
/// the address of the default route where it may not name interfaces: it needs both to find a server on this machine.
/// </summary>
internal sealed partial class NetworkNamespace : IAsyncDisposable
{
    private const int CloneNewNet = 0x40000000; // sched.h

    private const string NamePrefix = "thaw-";

    private static readonly Lazy<Task> Swept = new(SweepAsync);

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    /// <summary>Runs a command in here.</summary>
    public string[] Prefix => [Ip, "netns", "exec", Name];

    private static string Ip => Executables.Find("ip", "iproute2");

    public static async Task<NetworkNamespace> CreateAsync()
    {
        var network = await CreateEmptyAsync("alone");
        try
        {
            await network.ConfigureAsync("""
                link add v0 type veth peer name v1
                addr add 10.77.0.1/24 dev v0 nodad
                link set v0 up
                link set v1 up
                route add default via 10.77.0.2
                """);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>With nothing but loopback. The name tells which test run made it, and what it is.</summary>
    public static async Task<NetworkNamespace> CreateEmptyAsync(string role)
    {
        Executables.RequireNetworkNamespaces();
        await Swept.Value;
        var network = new NetworkNamespace($"{NamePrefix}{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}-{role}");
        string refusal = await RunAsync(Ip, ["netns", "add", network.Name], "");
        Assert.SkipWhen(refusal.Length > 0, $"no network namespace may be made here: {refusal.Trim()}");
        await network.ConfigureAsync("link set lo up");
        return network;
    }

    /// <summary>Lines for <c>ip</c>, run in here.</summary>
    public Task ConfigureAsync(string lines) => MustAsync(Ip, ["-n", Name, "-batch", "-"], lines);

    /// <summary>A cable to another namespace.</summary>
    public Task ConnectAsync(string device, NetworkNamespace other, string itsDevice)
        => ConfigureAsync($"link add {device} type veth peer name {itsDevice} netns {other.Name}");

    /// <summary>Replaces the table of that name: all of it at once.</summary>
    public Task FilterAsync(string table, string rules)
        => MustAsync(Ip, ["netns", "exec", Name, Executables.Find("nft", "nftables"), "-f", "-"], $"table ip {table}\ndelete table ip {table}\ntable ip {table} {{\n{rules}\n}}\n");

    /// <summary>Passes packets on between its devices.</summary>
    public Task ForwardAsync() => MustAsync(Ip, ["netns", "exec", Name, "sysctl", "-qw", "net.ipv4.ip_forward=1"], "");

    /// <summary>Runs <paramref name="work"/> on a thread of its own in here; what it opens stays in here.</summary>
    public Task<T> InsideAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => // which never goes back: it ends inside
        {
            try
            {
                using var space = File.OpenHandle($"/run/netns/{Name}");
                if (setns((int)space.DangerousGetHandle(), CloneNewNet) != 0) throw new SocketException(Marshal.GetLastPInvokeError());
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        thread.Start();
        return done.Task;
    }

    /// <summary>A connection that starts in here; the socket may be used from anywhere after that.</summary>
    public Task<Socket> ConnectAsync(IPEndPoint to) => InsideAsync(() =>
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(to);
        return socket;
    });

    public async ValueTask DisposeAsync() => await RunAsync(Ip, ["netns", "del", Name], "");

    // A test run that was killed leaves its namespaces, and what runs in them.
    private static async Task SweepAsync()
    {
        if (!Directory.Exists("/run/netns")) return;
        foreach (string name in Directory.EnumerateFiles("/run/netns", $"{NamePrefix}*").Select(Path.GetFileName).OfType<string>())
        {
            if (name.Split('-') is not [_, var run, ..] || Directory.Exists($"/proc/{run}")) continue;
            using var listing = Process.Start(new ProcessStartInfo(Ip, ["netns", "pids", name]) { RedirectStandardOutput = true })!;
            foreach (string left in (await listing.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                if (int.TryParse(left, out int id)) _ = kill(id, 9);
            await RunAsync(Ip, ["netns", "del", name], "");
        }
    }

    private static async Task MustAsync(string program, string[] arguments, string input)
    {
        if (await RunAsync(program, arguments, input) is { Length: > 0 } error)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}:\n{input}\n{error}");
    }

    /// <summary>What went wrong; empty if nothing did.</summary>
    private static async Task<string> RunAsync(string program, string[] arguments, string input)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        return process.ExitCode == 0 ? "" : errors + $"exit code {process.ExitCode}";
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int file, int kind);

    [LibraryImport("libc")]
    private static partial int kill(int processId, int signal);
}
