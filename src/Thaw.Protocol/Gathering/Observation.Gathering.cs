namespace Thaw.Protocol;

public abstract partial record Observation
{
    /// <param name="Mapped">Our address as the server sees it; equal to <paramref name="Base"/> where nothing translates.</param>
    public sealed record MappedAddressLearned(string Server, TransportAddress Base, TransportAddress Mapped, TimeSpan RoundTrip) : Observation;

    /// <summary>A translator gave us another address (it was restarted, or let the old one expire).</summary>
    public sealed record MappedAddressChanged(string Server, TransportAddress Base, TransportAddress Was, TransportAddress Mapped) : Observation;

    /// <param name="Base">The local end towards the server; over TCP with <see cref="TransportProtocol.Tcp"/>.</param>
    /// <param name="Took">From the first packet, or from dialling.</param>
    public sealed record RelayAllocated(string Server, TransportAddress Base, TransportAddress Relayed, TimeSpan Lifetime, TimeSpan Took) : Observation;

    /// <summary>The relayed address is no longer ours, or is about to end and not offered any more.</summary>
    public sealed record RelayLost(string Server, TransportAddress Relayed, GatheringFailure Cause) : Observation;

    /// <summary>One attempt with one server failed.</summary>
    /// <param name="Base">Default where the attempt had none yet.</param>
    /// <param name="Code">The STUN error code, or 0.</param>
    /// <param name="Detail">The server's reason or the host's, cut to 128 characters.</param>
    /// <param name="RetryIn">When it is tried again; <see cref="TimeSpan.MaxValue"/> for never as long as nothing changes.</param>
    public sealed record GatheringFailed(
        string Server, TransportAddress Base, GatheringFailure Cause, int Code, string Detail, TimeSpan RetryIn) : Observation;

    /// <summary>The server sent us on (RFC 8489 §10).</summary>
    public sealed record ServerRedirected(string Server, TransportAddress From, TransportAddress To) : Observation;

    /// <summary>The server does not relay to this peer: 403, or 443 for its family. Not asked again for a while.</summary>
    public sealed record PeerRefused(string Server, TransportAddress Relayed, TransportAddress Peer, int Code) : Observation;

    /// <summary>The relay heard that a packet of ours did not arrive (RFC 8656 §11.5, ICMP).</summary>
    public sealed record RelayedPacketBounced(string Server, TransportAddress Relayed, TransportAddress Peer, int Type, int Code) : Observation;
}
