namespace Thaw.Protocol.Sctp;

/// <summary>Re-configuration requests of both directions (RFC 6525 §5): at most one of ours is open at a time.</summary>
internal sealed class StreamResets
{
    public const int MostStreams = 64; // in one request

    private readonly SortedSet<ushort> _wanted = [];
    private uint _nextSequence;
    private uint _expected;
    private (uint Sequence, Tsn LastTsn, ushort[] Streams)? _deferred;

    /// <summary>Our open request; empty if there is none.</summary>
    public ushort[] Requested { get; private set; } = [];
    public uint RequestSequence { get; private set; }

    /// <summary>RFC 6525 §4.1: our last assigned TSN when the request was made. Retransmissions repeat it.</summary>
    public Tsn RequestLastTsn { get; private set; }

    /// <summary>The answer to the peer's last request, repeated if it asks again.</summary>
    public (uint Sequence, ReconfigResult Result) Response { get; private set; }

    /// <summary>The field that tells the peer which of its requests we have seen last (RFC 6525 §4.1).</summary>
    public uint LastSeen => _expected - 1;

    public bool IsPending(ushort stream) => _wanted.Contains(stream) || Requested.AsSpan().Contains(stream);

    /// <summary>Sequence numbers start as the TSNs do (RFC 6525 §4.1).</summary>
    public void Start(Tsn local, Tsn remote)
    {
        _nextSequence = local.Value;
        _expected = remote.Value;
    }

    public void Want(ushort stream)
    {
        if (!Requested.AsSpan().Contains(stream)) _wanted.Add(stream);
    }

    /// <summary>Opens a request for every wanted stream whose messages all have TSNs.</summary>
    public bool TryBegin(Outbound outbound)
    {
        if (Requested.Length > 0 || _wanted.Count == 0) return false;

        ushort[] ready = [.. _wanted.Where(outbound.IsFlushed).Take(MostStreams)];
        if (ready.Length == 0) return false;
        _wanted.ExceptWith(ready);
        Requested = ready;
        RequestSequence = _nextSequence++;
        RequestLastTsn = outbound.LastAssigned;
        return true;
    }

    /// <summary>The streams of our open request if this answers it for good; else none.</summary>
    public ushort[] OnResponse(uint sequence, ReconfigResult result)
    {
        if (Requested.Length == 0 || sequence != RequestSequence || result is ReconfigResult.InProgress) return [];
        var done = Requested;
        Requested = [];
        return done;
    }

    /// <summary>The peer wants to reset streams that it sends on. Returns those to reset now.</summary>
    public ushort[] OnRequest(uint sequence, Tsn lastTsn, ushort[] streams, Tsn cumulative)
    {
        if (sequence == LastSeen && Response.Sequence == sequence) return [];                // a retransmission: same answer
        if (!TryAccept(sequence)) return [];

        if (lastTsn > cumulative)
        {
            _deferred = (sequence, lastTsn, streams);
            Response = (sequence, ReconfigResult.InProgress);
            return [];
        }

        _deferred = null;
        Response = (sequence, ReconfigResult.Performed);
        return streams;
    }

    /// <summary>Data came in: a request that waited for it may now be performed.</summary>
    public ushort[] OnCumulative(Tsn cumulative)
    {
        if (_deferred is not { } deferred || deferred.LastTsn > cumulative) return [];
        _deferred = null;
        Response = (deferred.Sequence, ReconfigResult.Performed);
        return deferred.Streams;
    }

    /// <summary>A request of a kind that we answer without acting.</summary>
    public void Answer(uint sequence, ReconfigResult result)
    {
        if (sequence == LastSeen && Response.Sequence == sequence) return;
        if (TryAccept(sequence)) Response = (sequence, result);
    }

    /// <summary>The peer asks us to reset: our own request is the answer (RFC 6525 §5.2.3).</summary>
    public bool TryAccept(uint sequence)
    {
        if (sequence != _expected)
        {
            Response = (sequence, ReconfigResult.BadSequenceNumber);
            return false;
        }

        _expected++;
        return true;
    }
}
