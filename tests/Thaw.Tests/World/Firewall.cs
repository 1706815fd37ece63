using Thaw.Protocol;

namespace Thaw.Tests.World;

/// <summary>Stateful and without translation: who was not written to does not get in. As in front of any IPv6 network.</summary>
internal sealed class Firewall(Dependence filtering = Dependence.AddressAndPortDependent) : Middlebox
{
    private readonly Dictionary<(TransportAddress Inside, TransportAddress Outside), Instant> _permitted = [];

    /// <summary>How long a hole stays open after the last packet that went out.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Where a translator of IPv4 stands beside it.</summary>
    public bool IsForIPv6 { get; init; }

    /// <summary>Server ports that anyone may write to, UDP or TCP.</summary>
    public HashSet<TransportAddress> OpenPorts { get; } = [];

    public override bool Carries(TransportAddress address) => !IsForIPv6 || address.IsIPv6;

    public override TransportAddress? Outbound(TransportAddress source, TransportAddress destination, Instant now)
    {
        _permitted[(source, Relevant(destination, filtering))] = now + Lifetime;
        return source;
    }

    public override TransportAddress? Inbound(TransportAddress source, TransportAddress destination, Instant now)
        => OpenPorts.Contains(destination)
            || (_permitted.TryGetValue((destination, Relevant(source, filtering)), out var until) && now <= until)
                ? destination
                : null;

    public override TransportAddress? Behind(TransportAddress destination, Instant now) => destination;

    public override bool TurnsBack(TransportAddress destination) => false;
}
