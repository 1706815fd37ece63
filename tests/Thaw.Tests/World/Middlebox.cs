using Thaw.Protocol;

namespace Thaw.Tests.World;

/// <summary>RFC 4787 §4.1, §5: what a mapping or a filter depends on.</summary>
public enum Dependence { EndpointIndependent, AddressDependent, AddressAndPortDependent }

/// <summary>What stands between a realm and the one outside it (RFC 3234).</summary>
internal abstract class Middlebox
{
    /// <summary>What it lets through in either direction before any state is asked.</summary>
    public Policy Policy { get; set; } = Policy.Open;

    public Realm Inner { get; private set; } = null!;
    public Realm Outer { get; private set; } = null!;

    public virtual void Connect(Realm inner, Realm outer)
    {
        (Inner, Outer) = (inner, outer);
        inner.AddGateway(this);
    }

    public abstract bool Carries(TransportAddress address);

    /// <summary>How the packet's source looks outside, or null where it does not come out.</summary>
    public abstract TransportAddress? Outbound(TransportAddress source, TransportAddress destination, Instant now);

    /// <summary>Where a packet from outside goes inside, or null where it does not get in.</summary>
    public abstract TransportAddress? Inbound(TransportAddress source, TransportAddress destination, Instant now);

    /// <summary>As <see cref="Inbound"/> without asking the filter: who would get it.</summary>
    public abstract TransportAddress? Behind(TransportAddress destination, Instant now);

    /// <summary>May a packet that came from inside turn back inside (RFC 4787 §6)?</summary>
    public abstract bool TurnsBack(TransportAddress destination);

    protected static TransportAddress Relevant(TransportAddress address, Dependence on) => on switch
    {
        Dependence.EndpointIndependent => default(TransportAddress).Over(address.Protocol),
        Dependence.AddressDependent => address.WithPort(0),
        _ => address,
    };
}

/// <summary>The stateless rules of a firewall.</summary>
internal sealed record Policy
{
    public static Policy Open { get; } = new();
    public static Policy UdpBlocked { get; } = new() { BlocksUdp = true };
    public static Policy OnlyTcp443 { get; } = new() { BlocksUdp = true, OnlyTcpPort = 443 };

    public bool BlocksUdp { get; init; }

    /// <summary>The one TCP port that can be dialled.</summary>
    public int? OnlyTcpPort { get; init; }

    /// <summary>Ports to which no UDP goes out; a relay's are by default 49152 to 65535 (RFC 8656 §7.2).</summary>
    public (int From, int To)? NoUdpOutTo { get; init; }

    /// <summary>Ports on which no UDP comes in.</summary>
    public (int From, int To)? NoUdpInOn { get; init; }

    /// <summary>Neither in nor out, either family: a route that leads nowhere.</summary>
    public bool BlackHolesIPv4 { get; init; }

    public bool BlackHolesIPv6 { get; init; }

    public bool LetsOut(TransportAddress destination, bool isAnswer) => Lets(destination, isAnswer, NoUdpOutTo);

    public bool LetsIn(TransportAddress destination, bool isAnswer) => Lets(destination, isAnswer, NoUdpInOn);

    /// <param name="isAnswer">The packet belongs to a TCP connection that is open.</param>
    private bool Lets(TransportAddress destination, bool isAnswer, (int From, int To)? closed)
    {
        if (destination.IsIPv4 ? BlackHolesIPv4 : BlackHolesIPv6) return false;
        if (destination.Protocol is TransportProtocol.Tcp) return isAnswer || OnlyTcpPort is null || OnlyTcpPort == destination.Port;
        return !BlocksUdp && (closed is not var (from, to) || destination.Port < from || destination.Port > to);
    }
}
