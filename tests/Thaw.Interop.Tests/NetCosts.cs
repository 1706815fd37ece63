using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Thaw.Interop.Tests.Net;
using Thaw.Net;
using Thaw.Net.Loop;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Measures, asserts nothing. Run with <c>-explicit only -class "*NetCosts" -showLiveOutput</c>.</summary>
public sealed class NetCosts
{
    private const int Clients = 50;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);
    private static readonly byte[] Frame = [0x80, .. new byte[171]];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData(1, 5_000)]
    [InlineData(1, 25_000)]
    [InlineData(1, 200_000)]
    [InlineData(2, 5_000)]
    [InlineData(2, 25_000)]
    [InlineData(2, 200_000)]
    public async Task Echo(int loops, int perSecond)
    {
        await using var port = Open(loops);
        for (int i = 0; i < Clients; i++) await port.AddAsync((seat, _) => new EchoPeer(seat, $"s{i}"), new NetListener(), Cancel);
        var sockets = Connect(port, check: true);

        long got = 0;
        var (cpu, sent) = Measure(perSecond, i => sockets[i % Clients].Send(Frame), () => got += sockets.Sum(Drain));

        var statistics = port.Statistics;
        Report($"echo, {loops} loop(s), {sent / Duration.TotalSeconds:F0}/s asked, {got} of {sent} back: "
            + $"{cpu.TotalMicroseconds / got:F2} us per round trip, {100.0 * statistics.Forwarded / statistics.DatagramsIn:F0} % forwarded");
    }

    [Fact(Explicit = true)]
    public async Task Garbage()
    {
        await using var port = Open(1);
        var sockets = Connect(port, check: false);
        var (cpu, _) = Measure(1_000_000, i => sockets[i % Clients].Send([255, 1, 2, 3]), () => { });
        Report($"garbage: {cpu.TotalMicroseconds / port.Statistics.DatagramsIn:F2} us each, {port.Statistics.DatagramsIn / Duration.TotalSeconds:F0}/s");
    }

    [Theory(Explicit = true)]
    [InlineData(1, 25_000)]
    [InlineData(2, 25_000)]
    public async Task Sending_from_another_thread(int loops, int perSecond)
    {
        await using var port = Open(loops);
        var sessions = new List<Session>();
        for (int i = 0; i < Clients; i++) sessions.Add(await port.AddAsync((seat, _) => new EchoPeer(seat, $"s{i}"), new NetListener(), Cancel));
        var sockets = Connect(port, check: true);
        long got = 0, refused = 0;
        var (cpu, _) = Measure(
            perSecond, i => refused += sessions[(int)(i % Clients)].TrySendAudio(Frame, 0, false) ? 0 : 1, () => got += sockets.Sum(Drain));
        Report($"send, {loops} loop(s): {cpu.TotalMicroseconds / got:F2} us of the loop per datagram, {refused} refused");
    }

    private static SharedPort Open(int loops)
        => SharedPort.Open(new() { UdpPort = 0, Addresses = [IPAddress.Loopback], Shards = loops }, new Clock(TimeProvider.System));

    private static Socket[] Connect(SharedPort port, bool check)
    {
        var sockets = new Socket[Clients];
        byte[] answer = new byte[2048];
        int loops = port.Statistics.Shards;
        for (int i = 0; i < Clients; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            sockets[i].Connect(IPAddress.Loopback, port.UdpPort);
            if (!check) continue;
            sockets[i].Send(NetClient.BindingRequest($"{i % loops}s{i}"));
            sockets[i].Receive(answer);
        }
        return sockets;
    }

    private static (TimeSpan Cpu, long Sent) Measure(int perSecond, Action<long> send, Action drain)
    {
        var before = LoopCpu();
        long sent = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Duration)
        {
            for (long due = (long)(clock.Elapsed.TotalSeconds * perSecond); sent < due && clock.Elapsed < Duration; sent++)
            {
                send(sent);
                if (sent % 16 == 0) drain();
            }
            drain();
        }
        Thread.Sleep(100);
        drain();
        return (LoopCpu() - before, sent);
    }

    private static int Drain(Socket socket)
    {
        Span<byte> buffer = stackalloc byte[2048];
        int got = 0;
        for (; socket.Available > 0; got++) socket.Receive(buffer);
        return got;
    }

    // The loops' threads by name: first field of schedstat is nanoseconds on CPU.
    private static TimeSpan LoopCpu()
    {
        long total = 0;
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            if (!File.ReadAllText($"{task}/comm").StartsWith("thaw-udp", StringComparison.Ordinal)) continue;
            total += long.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
        }
        return TimeSpan.FromMicroseconds(total / 1000.0);
    }

    private static void Report(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
