namespace Thaw.Protocol.Turn;

/// <summary>
/// Most allocations have a handful of peers, and looking through a list of those is quick and costs no memory. For the few
/// that have hundreds, as a voice server's has, there are tables beside the lists.
/// </summary>
public sealed partial class Allocation
{
    private const int Handful = 16;

    private Dictionary<TransportAddress, Permission>? _permissionTable;
    private Dictionary<ushort, ChannelBinding>? _channelsByNumber;
    private Dictionary<TransportAddress, ChannelBinding>? _channelsByPeer;

    private static TransportAddress Key(TransportAddress peer) => peer.WithPort(0).Over(TransportProtocol.Udp);

    private void Tabulate(Permission permission)
    {
        if (_permissionTable is { } table) table[Key(permission.Peer)] = permission;
        else if (_permissions.Count > Handful) TabulatePermissions();
    }

    private void TabulatePermissions()
    {
        _permissionTable = null;
        if (_permissions.Count <= Handful) return;
        _permissionTable = new Dictionary<TransportAddress, Permission>(_permissions.Count);
        foreach (var permission in _permissions) _permissionTable[Key(permission.Peer)] = permission;
    }

    private void Tabulate(ChannelBinding channel)
    {
        if (_channelsByNumber is null || _channelsByPeer is null)
        {
            if (_channels.Count > Handful) TabulateChannels();
            return;
        }

        _channelsByNumber[channel.Number] = channel;
        _channelsByPeer[channel.Peer] = channel;
    }

    private void TabulateChannels()
    {
        (_channelsByNumber, _channelsByPeer) = (null, null);
        if (_channels.Count <= Handful) return;
        (_channelsByNumber, _channelsByPeer) = (new(_channels.Count), new(_channels.Count));
        foreach (var channel in _channels) Tabulate(channel);
    }
}
