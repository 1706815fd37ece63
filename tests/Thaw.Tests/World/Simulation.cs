using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.World;

/// <summary>
/// An internet in one thread and in simulated time. Machines live at endpoints, datagrams cross links, firewalls and
/// NATs. The same seed gives the same bytes at the same instants.
/// </summary>
internal sealed class Simulation(int seed)
{
    private readonly List<Endpoint> _endpoints = [];
    private readonly PriorityQueue<Action, (Instant At, long Sequence)> _future = new();
    private readonly Random _random = new(seed);
    private readonly IncrementalHash _transcript = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _sequence;

    public int Seed { get; } = seed;

    public Instant Now { get; private set; } = new(0);

    public TimeSpan Elapsed => Now - new Instant(0);

    /// <summary>The link of every pair of hosts that <see cref="Links"/> does not name.</summary>
    public Link DefaultLink { get; set; } = new();

    /// <summary>Directed, by sending and receiving endpoint; the last that matches counts.</summary>
    public List<(Endpoint From, Endpoint To, Link Link)> Links { get; } = [];

    /// <summary>Each must let a packet pass (as it looks behind the sender's NAT).</summary>
    public List<Func<Packet, bool>> Firewalls { get; } = [];

    public List<Nat> Nats { get; } = [];

    /// <summary>Datagrams sent, whether or not they arrived.</summary>
    public int Sent { get; private set; }

    /// <summary>A digest of every datagram sent so far, with its time and addresses.</summary>
    public string Transcript => Convert.ToHexString(_transcript.GetCurrentHash());

    /// <summary>A seed for a machine's randomness, drawn from the world's.</summary>
    public SeededRandom NewRandom() => new(_random.Next());

    public Endpoint<T> Add<T>(string name, T machine, params TransportAddress[] addresses) where T : IMachine
    {
        var endpoint = new Endpoint<T>(this, name, machine, addresses);
        _endpoints.Add(endpoint);
        return endpoint;
    }

    public void At(TimeSpan time, Action action) => Schedule(new Instant(0) + time, action);

    public void After(TimeSpan delay, Action action) => Schedule(Now + delay, action);

    public void RunFor(TimeSpan time)
    {
        var end = Now + time;
        while (Step(end)) { }
        Now = end;
    }

    /// <summary>Runs until the condition holds; fails with the seed and what was seen if it never does.</summary>
    public void RunUntil(Func<bool> condition, TimeSpan within)
    {
        var end = Now + within;
        while (!condition())
            if (!Step(end)) Assert.Fail($"Not within {within}.\n{Report()}");
    }

    /// <summary>The seed and the last that each endpoint noticed.</summary>
    public string Report()
    {
        var report = new StringBuilder().AppendLine($"seed {Seed}, {Elapsed} simulated");
        foreach (var endpoint in _endpoints)
        {
            report.AppendLine($"-- {endpoint.Name}");
            foreach (var seen in endpoint.Seen.TakeLast(25)) report.AppendLine($"{(seen.At - new Instant(0)).TotalSeconds,9:F3} {seen.Value}");
        }

        return report.ToString();
    }

    /// <summary>Takes one datagram from an endpoint into the network.</summary>
    internal void Carry(Endpoint from, TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> payload)
    {
        Sent++;
        _transcript.AppendData(BitConverter.GetBytes(Now.Ticks));
        Digest(source);
        Digest(destination);
        _transcript.AppendData(payload);

        var outer = Nats.Find(nat => nat.Hides(source) && !nat.Hides(destination));
        var packet = new Packet(from, outer?.Outbound(source, destination) ?? source, destination, payload.ToArray());
        if (!Firewalls.TrueForAll(lets => lets(packet))) return;

        var (target, inside) = Resolve(packet);
        if (target is null) return;

        var link = Links.FindLast(l => l.From == from && l.To == target).Link ?? DefaultLink;
        foreach (var delay in link.Deliveries(_random))
            After(delay, () => target.Deliver(packet.Source, inside, packet.Payload));
    }

    private (Endpoint?, TransportAddress) Resolve(Packet packet)
    {
        var inside = packet.Destination;
        if (Nats.Find(nat => nat.Owns(packet.Destination)) is { } nat)
        {
            if (nat.Inbound(packet.Source, packet.Destination) is not { } mapped) return default;
            inside = mapped;
        }

        // A private address is nobody's outside of its own network.
        var target = _endpoints.Find(e => e.Addresses.Contains(inside));
        bool reachable = inside != packet.Destination || Nats.TrueForAll(n => !n.Hides(inside) || n.Hides(packet.Source));
        return reachable ? (target, inside) : default;
    }

    private void Digest(TransportAddress address)
    {
        Span<byte> bytes = stackalloc byte[18];
        int length = address.WriteAddress(bytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[length..], address.Port);
        _transcript.AppendData(bytes[..(length + 2)]);
    }

    private void Schedule(Instant at, Action action) => _future.Enqueue(action, (at, _sequence++));

    /// <summary>One delivery, action or wake-up at or before <paramref name="end"/>.</summary>
    private bool Step(Instant end)
    {
        var next = _future.TryPeek(out _, out var due) ? due.At : Instant.Never;
        var sleeper = _endpoints.MinBy(e => e.WakeAt.Ticks);
        if (sleeper is not null && sleeper.WakeAt < next)
        {
            if (sleeper.WakeAt > end) return false;
            if (sleeper.WakeAt > Now) Now = sleeper.WakeAt;
            sleeper.Wake();
            return true;
        }

        if (next > end || next == Instant.Never) return false;
        if (next > Now) Now = next;
        _future.Dequeue()();
        return true;
    }
}

/// <summary>A datagram on its way.</summary>
internal sealed record Packet(Endpoint From, TransportAddress Source, TransportAddress Destination, byte[] Payload);
