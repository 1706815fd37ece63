namespace Thaw.Protocol.Turn;

public sealed partial class Allocation
{
    private const int MostPeers = 16; // in a snapshot; the count says how many there are

    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(1);

    private Look _last;
    private AllocationTraffic _toPeers, _toClient;
    private TimeSpan _ratedOver;

    /// <summary>Looks at the traffic, which is what makes the rates: packets pay nothing for it.</summary>
    internal AllocationSnapshot Snapshot(Instant now)
    {
        Rate(now);
        return new AllocationSnapshot(
            Number, User, FiveTuple, [.. Relayed()], MadeAt, ExpiresAt, [.. Peers(now).Take(MostPeers)], _permissions.Count, _channels.Count,
            _toPeers with { Packets = PacketsToPeers, Bytes = BytesToPeers },
            _toClient with { Packets = PacketsToClient, Bytes = BytesToClient }, _ratedOver);
    }

    private void Rate(Instant now)
    {
        var since = now - (_last.IsTaken ? _last.At : MadeAt);
        if (since < ShortestWindow) return; // two that watch at once see the same
        double seconds = since.TotalSeconds;
        _toPeers = new(0, 0, (PacketsToPeers - _last.PacketsToPeers) / seconds, (BytesToPeers - _last.BytesToPeers) / seconds);
        _toClient = new(0, 0, (PacketsToClient - _last.PacketsToClient) / seconds, (BytesToClient - _last.BytesToClient) / seconds);
        _last = new Look(true, now, PacketsToPeers, BytesToPeers, PacketsToClient, BytesToClient);
        _ratedOver = since;
    }

    private IEnumerable<TransportAddress> Relayed()
    {
        if (IPv4 is { } four) yield return four.Announced;
        if (IPv6 is { } six) yield return six.Announced;
    }

    private IEnumerable<PeerSnapshot> Peers(Instant now)
    {
        foreach (var channel in _channels)
            if (channel.IsAlive(now)) yield return new PeerSnapshot(channel.Peer, channel.Number);
        foreach (var permission in _permissions)
            if (now < permission.ExpiresAt && !_channels.Exists(channel => channel.Peer.SameAddress(permission.Peer)))
                yield return new PeerSnapshot(permission.Peer, null);
    }

    private readonly record struct Look(bool IsTaken, Instant At, long PacketsToPeers, long BytesToPeers, long PacketsToClient, long BytesToClient);
}
