using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary><c>thaw relay</c> while clients come, talk, move, refresh and go, with a word or without. THAW_LONG (./check --long) makes it ten minutes.</summary>
public sealed class RelaySoakTests(ITestOutputHelper output) : IDisposable
{
    private const int Clients = 24, MostAtOnce = 10;
    private const byte Udp = 17;
    private const ushort Channel = 0x4000;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("THAW_LONG") is { Length: > 0 };
    private static readonly TimeSpan Span = IsLong ? TimeSpan.FromMinutes(10) : TimeSpan.FromSeconds(20), WarmUp = Span / 4, Enough = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60); // --max-lifetime's least

    // What the runtime's own heap may breathe.
    private const long MemoryNoise = 12 << 20;

    private readonly SocketEcho[] _peers = [new(), new(), new(), new()];
    private ushort _port;
    private int _places;
    private long _sent, _lost, _allocated, _moved, _refreshed, _vanished;

    public void Dispose()
    {
        foreach (var peer in _peers) peer.Dispose();
    }

    [Fact]
    public async Task Memory_and_descriptors_are_flat_and_no_packet_is_lost_while_clients_come_move_and_vanish()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc tells the numbers");
        await using var relay = await SignalledRelay.StartAtAsync(0, "--user", "user:pass", "--mobility", "--threads", "2", "--max-lifetime", $"{Lifetime.TotalSeconds}", "--admin-port", "0", "--total-quota", "5000");
        _port = relay.Port;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{relay.Started.GetProperty("adminPort").GetInt32()}") };
        foreach (var protocol in (ProtocolType[])[ProtocolType.Udp, ProtocolType.Tcp]) // what the first of each opens for good, is open
        {
            using var first = await RawTurn.ConnectAsync(_port, protocol, NewPlace());
            Granted(await first.AllocateAsync(Udp));
            Granted(await first.AskAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(StunAttributeType.Lifetime, 0)));
        }

        var (held, descriptors) = await SettledAsync(relay.ProcessId, http, 0);
        Assert.Equal(0, held);
        long dropped = DroppedBySystem();

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var clients = Enumerable.Range(0, Clients).Select(i => Task.Run(() => ComeAndGoAsync(new Random(i), ending.Token))).ToArray();
        var memory = new List<long>();
        var step = Span / 40;
        for (var at = TimeSpan.Zero; at < Span; at += step)
        {
            await Task.Delay(step, TestContext.Current.CancellationToken);
            if (at >= WarmUp) memory.Add(Resident(relay.ProcessId));
        }

        await ending.CancelAsync();
        await Task.WhenAll(clients).WaitAsync(Enough, TestContext.Current.CancellationToken);
        if (IsLong) await Task.Delay(Lifetime, TestContext.Current.CancellationToken); // those that vanished run out
        (held, int open) = await SettledAsync(relay.ProcessId, http, descriptors);
        long excused = DroppedBySystem() - dropped;
        int third = memory.Count / 3;
        long early = Median(memory[..third]), late = Median(memory[^third..]);
        string figures = string.Create(CultureInfo.InvariantCulture,
            $"{Span}: {_allocated} allocations, {_moved} moves, {_refreshed} refreshes, {_vanished} vanished; {_sent} packets and back, {_lost} lost, {excused} dropped by the system; RSS {early / 1024} -> {late / 1024} KiB; descriptors {descriptors} -> {open}, of which {held} are allocations");
        output.WriteLine(figures);
        Assert.True(_allocated > Clients && _moved > 5 && _refreshed > 5 && _vanished > 5 && _sent > 1000, figures);
        Assert.True(_lost <= excused, figures);
        Assert.True(open - held <= descriptors, figures); // each allocation has one socket
        Assert.True(!IsLong || held == 0, figures);
        Assert.True(late - early < MemoryNoise, figures);
    }

    private async Task ComeAndGoAsync(Random draw, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            var protocol = draw.Next(3) == 0 ? ProtocolType.Tcp : ProtocolType.Udp;
            var at = await RawTurn.ConnectAsync(_port, protocol, NewPlace());
            byte[] answer = await at.AllocateAsync(Udp, (ref StunWriter writer) => writer.Add(StunAttributeType.MobilityTicket));
            byte[] ticket = RawTurn.Value(Granted(answer), StunAttributeType.MobilityTicket);
            var peer = _peers[draw.Next(_peers.Length)].Address;
            Granted(await at.BindChannelAsync(Channel, new TransportAddress(peer.Address, (ushort)peer.Port)));
            Interlocked.Increment(ref _allocated);

            for (int steps = draw.Next(1, 10); steps > 0 && !ending.IsCancellationRequested; steps--)
            {
                switch (draw.Next(4))
                {
                    case 0:
                        Granted(await at.AskAsync(StunMethod.Refresh));
                        Interlocked.Increment(ref _refreshed);
                        break;
                    case 1:
                        var next = await RawTurn.ConnectAsync(_port, protocol, NewPlace());
                        ticket = RawTurn.Value(Granted(await next.AskAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(StunAttributeType.MobilityTicket, ticket))), StunAttributeType.MobilityTicket);
                        await TalkAsync(next, 1);
                        at.Dispose();
                        at = next;
                        Interlocked.Increment(ref _moved);
                        break;
                    default:
                        await TalkAsync(at, draw.Next(1, MostAtOnce));
                        break;
                }

                await Task.Delay(draw.Next(50, 400), CancellationToken.None);
            }

            if (draw.Next(2) == 0) Granted(await at.AskAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(StunAttributeType.Lifetime, 0)));
            else Interlocked.Increment(ref _vanished);
            at.Dispose();
        }
    }

    // A port of somebody who vanished may come again, and the relay still has that one's allocation; an address does not.
    private IPAddress NewPlace()
    {
        int place = Interlocked.Increment(ref _places);
        return new IPAddress([127, (byte)(1 + (place >> 16)), (byte)(place >> 8), (byte)place]);
    }

    private async Task TalkAsync(RawTurn at, int packets)
    {
        byte[] payload = new byte[160];
        for (int i = 0; i < packets; i++)
        {
            payload[0] = (byte)i;
            await at.SendOnChannelAsync(Channel, payload);
            Interlocked.Increment(ref _sent);
        }

        try
        {
            for (int i = 0; i < packets; i++) Assert.Equal(4 + payload.Length, (await at.ReadAsync()).Length);
        }
        catch (TimeoutException)
        {
            Interlocked.Add(ref _lost, packets); // at most
        }
    }

    // Streams take a moment to be gone.
    private static async Task<(int Held, int Open)> SettledAsync(int process, HttpClient http, int least)
    {
        for (int i = 0; ; i++)
        {
            var (held, open) = (await AllocationsAsync(http), Descriptors(process));
            if (i >= 10 && (open - held <= least || i == 75 || least == 0)) return (held, open);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private static byte[] Granted(byte[] answer) => RawTurn.Succeeded(answer) ? answer : throw new InvalidOperationException($"refused with {RawTurn.Code(answer)}");

    private static async Task<int> AllocationsAsync(HttpClient http)
    {
        const string series = "thaw_relay_allocations ";
        string scrape = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        return int.Parse(scrape.Split('\n').Single(line => line.StartsWith(series, StringComparison.Ordinal))[series.Length..], CultureInfo.InvariantCulture);
    }

    private static int Descriptors(int process) => Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;

    private static long Resident(int process)
        => long.Parse(File.ReadAllLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    // Of every process: RcvbufErrors and SndbufErrors.
    private static long DroppedBySystem()
    {
        string[][] udp = [.. File.ReadAllLines("/proc/net/snmp").Where(line => line.StartsWith("Udp:", StringComparison.Ordinal)).Select(line => line.Split(' '))];
        return udp[0].Index().Where(name => name.Item is "RcvbufErrors" or "SndbufErrors").Sum(name => long.Parse(udp[1][name.Index], CultureInfo.InvariantCulture));
    }

    private static long Median(List<long> values) => values.Order().ElementAt(values.Count / 2);
}
