namespace Thaw.Protocol.Turn;

public sealed partial class PeerPolicy
{
    private static readonly PeerRule NotServed = new(null, "this relay leads to one server only");

    private Func<IReadOnlyList<TransportAddress>>? _only;

    /// <summary>
    /// These and nobody else, by address and port: for the relay of one server. No other rule counts, and two clients of the
    /// relay do not reach each other. A permission, which has no port, is for the address; what is sent is held to the port.
    /// </summary>
    /// <param name="peers">Asked every time, by every loop: it must not wait, and what it returns must not change.</param>
    public static PeerPolicy Only(Func<IReadOnlyList<TransportAddress>> peers) => new([], []) { _only = peers };

    private bool IsServed(TransportAddress peer)
    {
        var peers = _only!();
        for (int i = 0; i < peers.Count; i++)
            if (peers[i] == peer) return true;
        return false;
    }

    private bool IsServedAddress(TransportAddress peer)
    {
        var peers = _only!();
        for (int i = 0; i < peers.Count; i++)
            if (peers[i].SameAddress(peer)) return true;
        return false;
    }
}
