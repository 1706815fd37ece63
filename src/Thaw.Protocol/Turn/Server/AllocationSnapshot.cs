namespace Thaw.Protocol.Turn;

/// <summary>An allocation as it was at one moment: for whoever watches the server from another thread.</summary>
/// <param name="Number">Unique in its server, and larger for a later one.</param>
/// <param name="Relayed">One or two.</param>
/// <param name="Peers">Not all of them where there are many.</param>
/// <param name="PeerCount">All with a permission.</param>
public sealed record AllocationSnapshot(
    long Number, string User, FiveTuple FiveTuple, IReadOnlyList<TransportAddress> Relayed,
    Instant MadeAt, Instant ExpiresAt, IReadOnlyList<PeerSnapshot> Peers, int PeerCount, int ChannelCount,
    AllocationTraffic ToPeers, AllocationTraffic ToClient, TimeSpan RatedOver);

/// <summary>One direction of an allocation.</summary>
/// <param name="PacketsPerSecond">Of late: since the look before, if that is a second ago or more.</param>
public readonly record struct AllocationTraffic(long Packets, long Bytes, double PacketsPerSecond, double BytesPerSecond);

/// <summary>A peer that may exchange data with the client.</summary>
/// <param name="Address">Without a port for a permission, which has none.</param>
/// <param name="Channel">Null: by indications.</param>
public readonly record struct PeerSnapshot(TransportAddress Address, ushort? Channel);
