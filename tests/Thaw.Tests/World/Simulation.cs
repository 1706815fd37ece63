using System.Text;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.World;

/// <summary>
/// An internet in one thread and in simulated time. Machines live at endpoints in realms, datagrams cross links,
/// firewalls and NATs. The same seed gives the same bytes at the same instants.
/// </summary>
internal sealed partial class Simulation(int seed)
{
    private readonly List<Endpoint> _endpoints = [];
    private readonly PriorityQueue<Due, Order> _future = new(Order.Comparer);
    private readonly Random _random = new(seed);
    private long _sequence;

    public int Seed { get; } = seed;

    public Instant Now { get; private set; } = new(0);

    public TimeSpan Elapsed => Now - new Instant(0);

    public Realm Internet { get; } = new("internet");

    /// <summary>A seed for a machine's randomness, drawn from the world's.</summary>
    public SeededRandom NewRandom() => new(_random.Next());

    /// <summary>A machine on the open internet.</summary>
    public Endpoint<T> Add<T>(string name, T machine, params TransportAddress[] addresses) where T : IMachine
        => Add(name, machine, Internet, addresses);

    public Endpoint<T> Add<T>(string name, T machine, Realm realm, params TransportAddress[] addresses) where T : IMachine
    {
        var endpoint = new Endpoint<T>(this, name, machine);
        foreach (var address in addresses) endpoint.Attach(address, realm);
        _endpoints.Add(endpoint);
        endpoint.Start();
        return endpoint;
    }

    /// <summary>A realm behind a box, itself behind what is in front of <paramref name="outer"/>.</summary>
    public Realm Behind(Middlebox box, Realm? outer = null, string name = "behind a box")
    {
        var realm = new Realm(name);
        box.Connect(realm, outer ?? Internet);
        return realm;
    }

    /// <summary>Moves all of an endpoint's addresses.</summary>
    public static void Move(Endpoint endpoint, Realm to)
    {
        foreach (var address in endpoint.Addresses.ToArray())
        {
            endpoint.Detach(address);
            endpoint.Attach(address, to);
        }
    }

    public void At(TimeSpan time, Action action) => Schedule(new Instant(0) + time, new Due(action, null));

    public void After(TimeSpan delay, Action action) => Schedule(Now + delay, new Due(action, null));

    public void RunFor(TimeSpan time)
    {
        var end = Now + time;
        while (Step(end)) { }
        Now = end;
    }

    /// <summary>Runs until the condition holds; fails with the seed and what was seen if it never does.</summary>
    public void RunUntil(Func<bool> condition, TimeSpan within)
    {
        if (!TryRunUntil(condition, within)) Assert.Fail($"Not within {within}.\n{Report()}");
    }

    /// <returns>False at the end of the time, or when nothing more will happen.</returns>
    public bool TryRunUntil(Func<bool> condition, TimeSpan within)
    {
        var end = Now + within;
        while (!condition())
            if (!Step(end)) return false;
        return true;
    }

    /// <summary>The seed and the last that each endpoint noticed.</summary>
    public string Report(int lines = 25)
    {
        var report = new StringBuilder().AppendLine($"seed {Seed}, {Elapsed} simulated");
        foreach (var endpoint in _endpoints)
        {
            report.AppendLine($"-- {endpoint.Name}");
            foreach (var seen in endpoint.Seen.TakeLast(lines)) report.AppendLine($"{(seen.At - new Instant(0)).TotalSeconds,9:F3} {Wording.Of(seen.Value)}");
        }

        return report.ToString();
    }

    private void Schedule(Instant at, Due due) => _future.Enqueue(due, new Order(at.Ticks, _sequence++));

    /// <summary>One delivery, action or wake-up at or before <paramref name="end"/>.</summary>
    private bool Step(Instant end)
    {
        var next = _future.TryPeek(out _, out var order) ? new Instant(order.Ticks) : Instant.Never;
        Endpoint? sleeper = null;
        var wake = next;
        foreach (var endpoint in _endpoints)
            if (endpoint.WakeAt < wake) (sleeper, wake) = (endpoint, endpoint.WakeAt);

        if (wake > end || wake == Instant.Never) return false;
        if (wake > Now) Now = wake;
        if (sleeper is not null)
        {
            sleeper.Wake();
            return true;
        }

        var due = _future.Dequeue();
        if (due.Packet is { } packet) Arrive(packet);
        else due.Action!();
        return true;
    }

    private readonly record struct Due(Action? Action, Packet? Packet);

    private readonly record struct Order(long Ticks, long Sequence)
    {
        public static IComparer<Order> Comparer { get; } = Comparer<Order>.Create(static (a, b)
            => a.Ticks != b.Ticks ? a.Ticks.CompareTo(b.Ticks) : a.Sequence.CompareTo(b.Sequence));
    }
}
