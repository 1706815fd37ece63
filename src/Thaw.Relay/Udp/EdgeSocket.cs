using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Udp;

/// <summary>A UDP socket of an edge: a listener, or a relayed address.</summary>
/// <param name="handle">The edge's own number for it.</param>
internal sealed class EdgeSocket(int handle, TransportAddress local)
{
    public int Handle { get; } = handle;

    public TransportAddress Local { get; } = local;

    /// <summary>Null: a listener.</summary>
    public RelayedTransportAddress? Relayed { get; set; }

    public Appetite Appetite;

    /// <summary>A listener whose clients speak DTLS.</summary>
    public bool IsDtls { get; set; }

    /// <summary>How the edge has set the socket: with the DF bit on all that leaves.</summary>
    public bool SetsDontFragment { get; set; }
}
