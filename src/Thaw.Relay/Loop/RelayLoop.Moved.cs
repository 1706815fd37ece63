using System.Buffers;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Loop;

/// <summary>Datagrams of mobile clients that came to another loop than the one that has the allocation (RFC 8016).</summary>
internal sealed partial class RelayLoop
{
    private readonly MovedClients _moved;

    /// <summary>All loops of the host, by shard; before <see cref="Start"/>.</summary>
    public IReadOnlyList<RelayLoop> Beside { get; set; } = [];

    /// <summary>Datagrams that came to the wrong loop while the right one was behind.</summary>
    public long LostOnTheWay { get; private set; }

    /// <summary>The loop that a ticket or connection ID names, if it is another.</summary>
    public RelayLoop? FindNamed(ReadOnlySpan<byte> message)
        => TurnRouting.TryFindShard(message, out byte shard) && shard < Beside.Count && Beside[shard] is var named && named != this ? named : null;

    private bool TryForward(FiveTuple fiveTuple, ReadOnlySpan<byte> message)
    {
        var owner = _moved.IsEmpty ? null : _moved.Find(fiveTuple);
        if (owner is null && FindNamed(message) is { } named && Server.Find(fiveTuple) is null) owner = named;
        if (owner is null || owner == this) return false;

        byte[] copy = ArrayPool<byte>.Shared.Rent(message.Length);
        message.CopyTo(copy);
        if (!owner.TryPost(new StreamErrand(null, copy, message.Length, fiveTuple)))
        {
            ArrayPool<byte>.Shared.Return(copy);
            LostOnTheWay++;
        }

        return true;
    }

    private bool TryPost(in StreamErrand errand)
    {
        if (!_errands.Writer.TryWrite(errand)) return false;
        WakeIfAsleep();
        return true;
    }

    private void HearForwarded(in StreamErrand errand)
    {
        var message = errand.Message.AsSpan(0, errand.Length);
        if (ChannelData.IsChannelData(message)) FromClientOnChannel(errand.FiveTuple, message);
        else Hear(errand.FiveTuple.Client, errand.FiveTuple.Server, message);
        ArrayPool<byte>.Shared.Return(errand.Message!);
    }
}
