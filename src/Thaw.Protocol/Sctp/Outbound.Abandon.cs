namespace Thaw.Protocol.Sctp;

/// <summary>Partial reliability, sender's side (RFC 3758 §3.5).</summary>
internal sealed partial class Outbound
{
    /// <summary>Messages given up so far.</summary>
    public int Abandoned { get; private set; }

    private Tsn? _forwardedTo; // what the last FORWARD TSN said, until T3-rtx says it again

    private bool MustForward => HasOutstanding && At(_first).State is ChunkState.Abandoned;

    /// <summary>Whether the peer must be told (again) not to wait for chunks that were given up.</summary>
    /// <param name="skipped">Gets, per ordered stream, the last sequence number up to <paramref name="advanced"/>.</param>
    /// <param name="advanced">The Advanced.Peer.Ack.Point.</param>
    public bool TryForward(Span<(ushort Stream, ushort Ssn)> skipped, out int count, out Tsn advanced)
    {
        count = 0;
        advanced = _first.Previous;
        if (!MustForward) return false;

        for (var tsn = _first; tsn < _next && At(tsn).State is ChunkState.Abandoned; tsn = tsn.Next)
        {
            var message = At(tsn).Message;
            if (!message.Unordered)
            {
                int at = 0;
                while (at < count && skipped[at].Stream != message.Stream.Id) at++;
                if (at == skipped.Length) break;
                skipped[at] = (message.Stream.Id, message.Ssn);
                count = Math.Max(count, at + 1);
            }

            advanced = tsn;
        }

        if (_forwardedTo == advanced) return false;
        _forwardedTo = advanced;
        return true;
    }

    private bool IsOver(in SentChunk sent, Instant now)
        => MayAbandon && (sent.Transmissions > sent.Message.MaxRetransmits || sent.Message.ExpiresAt <= now);

    private void Abandon(OutboundMessage message)
    {
        Abandoned++;
        if (message.Fragmented < message.Data.Length) AbandonRest(message);

        for (var tsn = _first; tsn < _next; tsn = tsn.Next)
        {
            ref var sent = ref At(tsn);
            if (!ReferenceEquals(sent.Message, message)) continue;
            if (sent.State is ChunkState.InFlight) _inFlight -= sent.Length;
            if (sent.State is ChunkState.ToRetransmit) _toRetransmit--;
            sent.State = ChunkState.Abandoned;
        }
    }

    /// <summary>
    /// A message that is partly sent is the head of the queue. One TSN stands for the rest of it: if all that was sent
    /// had been acknowledged, there would be no other TSN to skip, and the peer would keep the fragments for ever.
    /// </summary>
    private void AbandonRest(OutboundMessage message)
    {
        message.Fragmented = message.Data.Length;
        message.Stream.Queued--;
        _messages.Dequeue();
        Append(new SentChunk { Message = message, Flags = DataFlags.End, State = ChunkState.Abandoned });
    }

    /// <summary>What expires before its first fragment is sent needs no TSN and is simply forgotten.</summary>
    private void DropExpired(Instant now)
    {
        while (_messages.TryPeek(out var message) && message.ExpiresAt <= now)
        {
            if (message.Fragmented > 0)
            {
                if (!MayAbandon) return;
                Abandon(message);
                continue;
            }

            _messages.Dequeue();
            message.Stream.Queued--;
            Buffered -= message.Cost;
            Abandoned++;
        }
    }
}
