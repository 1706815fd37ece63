using Thaw.Protocol;

namespace Thaw.Tests.World;

/// <summary>RFC 4787 §4.2.1.</summary>
public enum PortAssignment
{
    Sequential, // from 40000 on
    Random,
    Preserving, // the inside port where it is free outside, else the next that is
}

/// <summary>A translator in the vocabulary of RFC 4787.</summary>
internal sealed record NatBehaviour(Dependence Mapping, Dependence Filtering)
{
    public PortAssignment Ports { get; init; } = PortAssignment.Sequential;

    /// <summary>RFC 4787 §6: with the external source address and port.</summary>
    public bool Hairpins { get; init; }

    /// <summary>RFC 4787 §4.3: how long a mapping, and each hole in its filter, outlives the last packet sent out through it.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>RFC 4787 §4.1: each mapping takes any address of the pool, instead of one host always the same.</summary>
    public bool PoolsArbitrarily { get; init; }
}

/// <summary>A translator between two realms. Filters belong to a mapping, not to the host behind it.</summary>
internal sealed class Nat : Middlebox
{
    private const int FirstPort = 40_000;
    private const int FirstRandomPort = 12_000; // above the ports that relays refuse because their services amplify

    private readonly NatBehaviour _is;
    private readonly TransportAddress[] _pool;
    private readonly Random _random;
    private readonly Dictionary<(TransportAddress Inside, TransportAddress Towards), Mapping> _byInside = [];
    private readonly Dictionary<TransportAddress, Mapping> _byOutside = [];
    private int _next = FirstPort;

    public Nat(TransportAddress outside, Dependence mapping, Dependence filtering) : this(new NatBehaviour(mapping, filtering), 0, outside)
    {
    }

    public Nat(NatBehaviour behaviour, int seed, params TransportAddress[] pool)
    {
        _is = behaviour;
        _pool = pool;
        _random = new Random(seed);
    }

    public NatBehaviour Behaviour => _is;

    /// <summary>Mappings made so far.</summary>
    public int Made { get; private set; }

    public override void Connect(Realm inner, Realm outer)
    {
        base.Connect(inner, outer);
        foreach (var address in _pool) outer.Route(address, this);
    }

    public override bool Carries(TransportAddress address) => address.IsIPv4;

    public override TransportAddress? Outbound(TransportAddress source, TransportAddress destination, Instant now)
    {
        var key = (source, Relevant(destination, _is.Mapping));
        if (!_byInside.TryGetValue(key, out var mapping) || mapping.ExpiresAt < now)
        {
            if (mapping is not null) _byOutside.Remove(mapping.Outside);
            if (Assign(source, now) is not { } outside) return null;
            mapping = new Mapping(source, outside);
            (_byInside[key], _byOutside[outside]) = (mapping, mapping);
            Made++;
        }

        mapping.ExpiresAt = mapping.Permitted[Relevant(destination, _is.Filtering)] = now + _is.Lifetime;
        return mapping.Outside;
    }

    public override TransportAddress? Inbound(TransportAddress source, TransportAddress destination, Instant now)
        => Find(destination, now) is { } mapping && mapping.Permitted.TryGetValue(Relevant(source, _is.Filtering), out var until) && now <= until
            ? mapping.Inside
            : null;

    public override TransportAddress? Behind(TransportAddress destination, Instant now) => Find(destination, now)?.Inside;

    public override bool TurnsBack(TransportAddress destination) => _is.Hairpins;

    /// <summary>Forgets every mapping; new ones get new ports.</summary>
    public void Reboot()
    {
        _byInside.Clear();
        _byOutside.Clear();
    }

    private Mapping? Find(TransportAddress outside, Instant now)
        => _byOutside.TryGetValue(outside, out var mapping) && mapping.ExpiresAt >= now ? mapping : null;

    private TransportAddress? Assign(TransportAddress source, Instant now)
    {
        var address = _pool[_is.PoolsArbitrarily ? _random.Next(_pool.Length) : 0].Over(source.Protocol);
        for (int attempt = 0; attempt < ushort.MaxValue; attempt++)
        {
            int port = _is.Ports switch
            {
                PortAssignment.Random => _random.Next(FirstRandomPort, ushort.MaxValue + 1),
                PortAssignment.Preserving => 1024 + (source.Port - 1024 + attempt) % (ushort.MaxValue - 1023),
                _ => _next++,
            };
            if (_next > ushort.MaxValue) _next = FirstPort;
            var outside = address.WithPort((ushort)port);
            if (Find(outside, now) is null) return outside;
        }

        return null; // RFC 4787 §4.2.1: out of ports
    }

    private sealed class Mapping(TransportAddress inside, TransportAddress outside)
    {
        public TransportAddress Inside { get; } = inside;
        public TransportAddress Outside { get; } = outside;
        public Instant ExpiresAt { get; set; }
        public Dictionary<TransportAddress, Instant> Permitted { get; } = [];
    }
}
