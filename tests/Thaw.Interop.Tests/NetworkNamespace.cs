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

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    /// <summary>Runs a command in here.</summary>
    public string[] Prefix => [Executables.Find("ip", "iproute2"), "netns", "exec", Name];

    public static async Task<NetworkNamespace> CreateAsync()
    {
        Executables.RequireNetworkNamespaces();
        var network = new NetworkNamespace($"thaw-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}");
        string refusal = await IpAsync("netns", "add", network.Name);
        Assert.SkipWhen(refusal.Length > 0, $"no network namespace may be made here: {refusal.Trim()}");
        try
        {
            string[][] steps =
            [
                ["link", "set", "lo", "up"],
                ["link", "add", "v0", "type", "veth", "peer", "name", "v1"],
                ["addr", "add", "10.77.0.1/24", "dev", "v0", "nodad"],
                ["link", "set", "v0", "up"],
                ["link", "set", "v1", "up"],
                ["route", "add", "default", "via", "10.77.0.2"],
            ];
            foreach (string[] step in steps)
                if (await IpAsync(["-n", network.Name, .. step]) is { Length: > 0 } error) throw new InvalidOperationException($"ip {string.Join(' ', step)}: {error}");
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection that starts in here; the socket may be used from anywhere after that.</summary>
    public Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var connected = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => // which never goes back: it ends inside
        {
            try
            {
                using var space = File.OpenHandle($"/run/netns/{Name}");
                if (setns((int)space.DangerousGetHandle(), CloneNewNet) != 0) throw new SocketException(Marshal.GetLastPInvokeError());
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(to);
                connected.SetResult(socket);
            }
            catch (Exception e)
            {
                connected.SetException(e);
            }
        });
        thread.Start();
        return connected.Task;
    }

    public async ValueTask DisposeAsync() => await IpAsync("netns", "del", Name);

    private static async Task<string> IpAsync(params string[] arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo(Executables.Find("ip", "iproute2"), arguments) { RedirectStandardError = true })!;
        string errors = await ip.StandardError.ReadToEndAsync();
        await ip.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        return ip.ExitCode == 0 ? "" : errors + $"exit code {ip.ExitCode}";
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int file, int kind);
}
