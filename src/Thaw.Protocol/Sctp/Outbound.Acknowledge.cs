namespace Thaw.Protocol.Sctp;

/// <summary>What a SACK changed.</summary>
/// <param name="Advanced">The cumulative TSN moved: T3-rtx starts over.</param>
/// <param name="Progress">Something was acknowledged, or the peer keeps its window closed: it is alive.</param>
/// <param name="SampleSentAt">When a chunk that was sent just once and is now acknowledged was sent; Never if there is none.</param>
/// <param name="FastRetransmits">Chunks that this SACK showed to be lost.</param>
internal readonly record struct Acknowledgement(bool Advanced, bool Progress, Instant SampleSentAt, int FastRetransmits);

internal sealed partial class Outbound
{
    private const int MissingReportsForLoss = 3; // RFC 9260 §7.2.4

    private Tsn? _recoveryExit;    // fast recovery lasts until this TSN is acknowledged
    private bool _fastRetransmit;  // the next packet may exceed the congestion window

    /// <summary>Null, and nothing changed, if the SACK is old or acknowledges what was never sent.</summary>
    public Acknowledgement? Acknowledge(in SackReader sack, Instant now)
    {
        if (sack.Cumulative < _first.Previous || sack.Cumulative >= _next || sack.Highest >= _next) return null;

        bool windowInUse = _inFlight >= _congestion.Bytes;
        bool advanced = sack.Cumulative >= _first;
        var acked = new Acked { SampleSentAt = Instant.Never, Highest = sack.Cumulative };

        while (_first <= sack.Cumulative) RetireFirst(ref acked);
        for (int i = 0; i < sack.GapCount; i++)
        {
            var (first, last) = sack.Gap(i);
            for (var tsn = first; tsn <= last; tsn = tsn.Next)
                if (TryAcknowledge(ref At(tsn), ref acked)) acked.Highest = tsn;
        }

        if (_recoveryExit is { } exit && sack.Cumulative >= exit) _recoveryExit = null;
        if (advanced && windowInUse && _recoveryExit is null) _congestion.Grow(acked.Bytes);

        // §7.2.4: in fast recovery, a SACK that advances counts against every chunk that it reports missing.
        var reportedUpTo = _recoveryExit is not null && advanced ? sack.Highest : acked.Highest;
        int lost = sack.GapCount > 0 ? CountMissing(reportedUpTo, now) : 0;

        _peerWindow = (int)Math.Max(0, Math.Min(sack.ReceiverWindow, int.MaxValue) - _inFlight);
        return new(advanced, advanced || acked.Bytes > 0 || sack.ReceiverWindow == 0, acked.SampleSentAt, lost);
    }

    /// <summary>T3-rtx expired (§6.3.3): everything in flight is taken for lost. Returns how many chunks will be sent again.</summary>
    public int OnTimeout(Instant now)
    {
        _congestion.OnTimeout();
        _recoveryExit = null;

        _forwardedTo = null;

        bool reneged = _inFlight == 0 && _toRetransmit == 0 && !MustForward;
        int lost = 0;
        for (var tsn = _first; tsn < _next; tsn = tsn.Next)
        {
            ref var sent = ref At(tsn);
            // Nothing is on its way and yet the peer lacks something: it dropped what it had reported (§6.2.1).
            if (sent.State is ChunkState.InFlight || reneged && sent.State is ChunkState.Acknowledged)
                lost += MarkLost(ref sent, now) ? 1 : 0;
        }

        return lost;
    }

    /// <summary>The COOKIE ECHO is sent again, and what was bundled with it too; that is no sign of congestion.</summary>
    public void ResendAll(Instant now)
    {
        for (var tsn = _first; tsn < _next; tsn = tsn.Next)
            if (At(tsn).State is ChunkState.InFlight) MarkLost(ref At(tsn), now);
    }

    public void EndPacket() => _fastRetransmit = false;

    public void OnPathChanged(Instant now)
    {
        _congestion.Restart();
        _recoveryExit = null;
        ResendAll(now);
    }

    /// <summary>§7.2.1: called before sending.</summary>
    public void OnIdleFor(TimeSpan rto, Instant now)
    {
        if (_inFlight == 0 && now - _lastSentAt > rto) _congestion.OnIdle();
    }

    private struct Acked
    {
        public int Bytes;
        public Tsn Highest;
        public Instant SampleSentAt;
    }

    private void RetireFirst(ref Acked acked)
    {
        ref var sent = ref At(_first);
        TryAcknowledge(ref sent, ref acked);
        if (sent.Flags.HasFlag(DataFlags.End)) Buffered -= sent.Message.Cost;
        sent = default;
        _first = _first.Next;
    }

    private bool TryAcknowledge(ref SentChunk sent, ref Acked acked)
    {
        switch (sent.State)
        {
            case ChunkState.InFlight: _inFlight -= sent.Length; break;
            case ChunkState.ToRetransmit: _toRetransmit--; break;
            default: return false;
        }

        sent.State = ChunkState.Acknowledged;
        acked.Bytes += sent.Length;
        if (sent.Transmissions == 1) acked.SampleSentAt = sent.SentAt; // Karn: §6.3.1 C5
        return true;
    }

    private int CountMissing(Tsn upTo, Instant now)
    {
        int lost = 0;
        for (var tsn = _first; tsn < upTo; tsn = tsn.Next)
        {
            ref var sent = ref At(tsn);
            if (sent.State is not ChunkState.InFlight || sent.FastRetransmitted) continue;
            if (++sent.MissingReports < MissingReportsForLoss) continue;
            if (!MarkLost(ref sent, now)) continue;
            sent.FastRetransmitted = true; // once only; T3-rtx sees to the rest
            lost++;
        }

        if (lost == 0) return 0;
        _fastRetransmit = true;
        if (_recoveryExit is null)
        {
            _congestion.OnFastRetransmit();
            _recoveryExit = LastAssigned;
        }

        return lost;
    }

    /// <summary>False if the chunk's message is abandoned instead.</summary>
    private bool MarkLost(ref SentChunk sent, Instant now)
    {
        if (sent.State is ChunkState.InFlight)
        {
            _inFlight -= sent.Length;
            _peerWindow += sent.Length; // §6.2.1 C
        }

        sent.State = ChunkState.ToRetransmit;
        _toRetransmit++;
        if (!IsOver(sent, now)) return true;
        Abandon(sent.Message);
        return false;
    }
}
