using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Sctp;

/// <summary>Either layer's three verbs.</summary>
internal abstract class SctpEnd
{
    public abstract void Receive(ReadOnlySpan<byte> packet, Instant now);
    public abstract void Advance(Instant now);
    public abstract Output Poll(Span<byte> buffer, Instant now);

    public static SctpEnd Of(SctpAssociation association) => new Association(association);
    public static SctpEnd Of(DataChannels channels) => new Channels(channels);

    private sealed class Association(SctpAssociation it) : SctpEnd
    {
        public override void Receive(ReadOnlySpan<byte> packet, Instant now) => it.Receive(packet, now);
        public override void Advance(Instant now) => it.Advance(now);
        public override Output Poll(Span<byte> buffer, Instant now) => it.Poll(buffer, now);
    }

    private sealed class Channels(DataChannels it) : SctpEnd
    {
        public override void Receive(ReadOnlySpan<byte> packet, Instant now) => it.Receive(packet, now);
        public override void Advance(Instant now) => it.Advance(now);
        public override Output Poll(Span<byte> buffer, Instant now) => it.Poll(buffer, now);
    }
}

/// <summary>A link between two ends in simulated time: latency, jitter, loss, duplication and a largest datagram, all seeded.</summary>
internal sealed class SctpLink
{
    private readonly byte[] _buffer = new byte[Output.BufferLength];
    private readonly PriorityQueue<(int To, byte[] Packet), (long At, long Order)> _flying = new();
    private readonly SctpEnd[] _ends = new SctpEnd[2];
    private readonly Instant[] _wakeAt = [Instant.Never, Instant.Never];
    private readonly Random _random;
    private long _order;

    public SctpLink(int seed = 1) => _random = new Random(seed);

    public Instant Now { get; private set; } = new(0);
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(10);
    public TimeSpan Jitter { get; init; }
    public double Loss { get; set; }
    public double Duplication { get; init; }
    public int LargestDatagram { get; init; } = 1200;

    /// <summary>True drops the packet: (sender, packet, how many this sender has sent before).</summary>
    public Func<int, byte[], bool>? Drops { get; set; }

    /// <summary>Called after every step: where the application sends more when there is room.</summary>
    public Action? Application { get; set; }

    /// <summary>Everything sent, lost or not.</summary>
    public List<(Instant At, int From, byte[] Packet)> Wire { get; } = [];

    /// <summary>Events and observations, per end.</summary>
    public List<(Instant At, object Value)>[] Seen { get; } = [[], []];

    public IEnumerable<T> All<T>(int end) => Seen[end].Select(s => s.Value).OfType<T>();

    public static (SctpLink Link, SctpAssociation A, SctpAssociation B) Associations(SctpLink? link = null, SctpOptions? options = null, int seed = 1)
    {
        link ??= new SctpLink(seed);
        var a = new SctpAssociation(options ?? new(), new SeededRandom(seed), link.Now);
        var b = new SctpAssociation(options ?? new(), new SeededRandom(seed + 1_000_000), link.Now);
        link.Attach(SctpEnd.Of(a), SctpEnd.Of(b));
        return (link, a, b);
    }

    public static (SctpLink Link, DataChannels A, DataChannels B) Channels(SctpLink? link = null, SctpOptions? options = null, int seed = 1)
    {
        link ??= new SctpLink(seed);
        var a = new DataChannels(true, options ?? new(), new SeededRandom(seed), link.Now);
        var b = new DataChannels(false, options ?? new(), new SeededRandom(seed + 1_000_000), link.Now);
        link.Attach(SctpEnd.Of(a), SctpEnd.Of(b));
        return (link, a, b);
    }

    /// <summary>A pair that has shaken hands on a link without faults.</summary>
    public static (SctpLink Link, SctpAssociation A, SctpAssociation B) Established(SctpLink? link = null, SctpOptions? options = null, int seed = 1)
    {
        var (made, a, b) = Associations(link, options, seed);
        a.Connect(made.Now);
        made.RunFor(TimeSpan.FromSeconds(1));
        Assert.Single(made.All<SctpEvent.Established>(0));
        Assert.Single(made.All<SctpEvent.Established>(1));
        return (made, a, b);
    }

    public void Attach(SctpEnd a, SctpEnd b) => (_ends[0], _ends[1]) = (a, b);

    public void RunFor(TimeSpan time)
    {
        var end = Now + time;
        DrainBoth();
        while (NextAt <= end) Step();
        Now = end;
    }

    public bool RunUntil(Func<bool> done, TimeSpan limit)
    {
        var end = Now + limit;
        DrainBoth();
        while (!done() && NextAt <= end) Step();
        return done();
    }

    /// <summary>As if the other end had sent it.</summary>
    public void Inject(int to, ReadOnlySpan<byte> packet)
    {
        _ends[to].Receive(packet, Now);
        Drain(to);
    }

    public void Drain(int end)
    {
        while (true)
        {
            var output = _ends[end].Poll(_buffer, Now);
            switch (output.Kind)
            {
                case OutputKind.Idle: _wakeAt[end] = output.WakeAt; return;
                case OutputKind.Transmit: Fly(end, output.Payload.ToArray()); break;
                default: Seen[end].Add((Now, output.Value!)); break;
            }
        }
    }

    private Instant NextAt
    {
        get
        {
            var wake = Instant.Earlier(_wakeAt[0], _wakeAt[1]);
            return _flying.TryPeek(out _, out var next) ? Instant.Earlier(wake, new(next.At)) : wake;
        }
    }

    private void Step()
    {
        var at = NextAt;
        if (at > Now) Now = at;
        if (_flying.TryPeek(out var flying, out var due) && due.At <= Now.Ticks)
        {
            _flying.Dequeue();
            _ends[flying.To].Receive(flying.Packet, Now);
        }
        else
        {
            _ends[0].Advance(Now);
            _ends[1].Advance(Now);
        }

        DrainBoth();
    }

    private void DrainBoth()
    {
        Application?.Invoke();
        Drain(0);
        Drain(1);
    }

    private void Fly(int from, byte[] packet)
    {
        Wire.Add((Now, from, packet));
        if (packet.Length > LargestDatagram || Drops?.Invoke(from, packet) == true || _random.NextDouble() < Loss) return;
        int copies = _random.NextDouble() < Duplication ? 2 : 1;
        for (int i = 0; i < copies; i++)
            _flying.Enqueue((1 - from, packet), ((Now + Latency + Jitter * _random.NextDouble()).Ticks, _order++));
    }
}
