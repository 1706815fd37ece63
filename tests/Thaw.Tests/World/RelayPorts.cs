using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Tests.World;

/// <summary>Any port of the relay's address is the relay's: opening one is writing it down.</summary>
internal sealed class RelayPorts : IRelayPorts
{
    private readonly HashSet<TransportAddress> _open = [];

    public bool TryOpen(RelayedTransportAddress relayed) => _open.Add(relayed.Local);

    public void Close(RelayedTransportAddress relayed) => _open.Remove(relayed.Local);

    public bool IsOpen(TransportAddress relayed) => _open.Contains(relayed);
}
