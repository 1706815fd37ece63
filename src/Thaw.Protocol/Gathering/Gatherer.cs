using System.Security.Cryptography;

namespace Thaw.Protocol.Gathering;

/// <summary>
/// Finds the addresses under which peers reach this host from outside (RFC 8445 §5.1.1.2) and keeps them: server-reflexive
/// ones by asking STUN again and again, relayed ones by refreshing TURN allocations. One for each UDP port, for life.
/// </summary>
/// <remarks>
/// Outputs: Transmit from a base to a server, Delivery from a peer to a relayed address, Event of <see cref="GatheringEvent"/>,
/// Observation, Idle. Whatever arrives on a base from an address that it sent to belongs to <see cref="Receive"/>.
/// </remarks>
#pragma warning disable CA1822 // filled in next
public sealed class Gatherer : IMachine
{
    public Gatherer(GathererOptions options, RandomNumberGenerator random, Instant now)
    {
        _ = options;
        _ = random;
        _ = now;
    }

    /// <summary>What is usable now, relayed ones last. Changes are told by <see cref="GatheringEvent.AddressesChanged"/>.</summary>
    public IReadOnlyList<GatheredAddress> Addresses { get; } = [];

    /// <summary>Every server has answered, failed or timed out since it was set; also true with no servers.</summary>
    public bool IsSettled => true;

    /// <summary>The local UDP sockets, as they come and go. What was learned through one that is gone is gone too.</summary>
    public void SetBases(IReadOnlyList<TransportAddress> udpBases, Instant now)
    {
        _ = udpBases;
        _ = now;
    }

    /// <summary>
    /// The servers, resolved. One that is listed again (same kind, address, TLS and host name) keeps what it has; another
    /// credential is used from its next allocation on.
    /// </summary>
    public void SetServers(IReadOnlyList<GatheringServer> servers, Instant now)
    {
        _ = servers;
        _ = now;
    }

    /// <summary>
    /// Sends through a relay; permission and channel are made as needed. While the permission is pending a few packets
    /// wait; what cannot be sent is dropped and counted, as on any network.
    /// </summary>
    /// <param name="relayed">One of <see cref="Addresses"/>, or one that was.</param>
    public void SendRelayed(TransportAddress relayed, TransportAddress peer, ReadOnlySpan<byte> payload, Instant now)
    {
        _ = relayed;
        _ = peer;
        _ = now;
    }

    /// <summary>
    /// The connection stands. From here on a Transmit from <paramref name="local"/> to the server, both with
    /// <see cref="TransportProtocol.Tcp"/>, goes onto that stream, and what is received from it comes as datagrams with
    /// these addresses: whole messages both ways (<see cref="Turn.TurnFraming"/>).
    /// </summary>
    /// <param name="local">With <see cref="TransportProtocol.Tcp"/>; no two connections have the same.</param>
    public void Connected(int id, TransportAddress local, Instant now)
    {
        _ = id;
        _ = local;
        _ = now;
    }

    /// <summary>The dial failed, or the stream ended. It is dialled anew, later, under another id.</summary>
    /// <param name="why">For the observation.</param>
    public void Disconnected(int id, string why, Instant now)
    {
        _ = id;
        _ = why;
        _ = now;
    }

    /// <summary>Gives every allocation back (a Refresh with lifetime 0 leaves with the next polls) and goes silent.</summary>
    public void Close(Instant now) => _ = now;

    public void Receive(in Datagram datagram, Instant now) => _ = now;

    public void Advance(Instant now) => _ = now;

    public Output Poll(Span<byte> buffer, Instant now) => Output.Idle(Instant.Never);
}
