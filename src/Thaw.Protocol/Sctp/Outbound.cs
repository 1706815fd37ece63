namespace Thaw.Protocol.Sctp;

internal sealed class OutboundStream(ushort id)
{
    public ushort Id { get; } = id;
    public ushort NextSsn { get; set; }

    /// <summary>Messages with a part that has no TSN yet.</summary>
    public int Queued { get; set; }
}

internal sealed class OutboundMessage(OutboundStream stream, uint ppid, byte[] data, ChannelReliability reliability, Instant expiresAt)
{
    /// <summary>What a message costs the send buffer besides its bytes, so that a flood of empty ones is bounded too.</summary>
    public const int Overhead = 64;

    public OutboundStream Stream { get; } = stream;
    public uint Ppid { get; } = ppid;
    public byte[] Data { get; } = data;
    public bool Unordered { get; } = reliability.Unordered;
    public int? MaxRetransmits { get; } = reliability.MaxRetransmits;
    public Instant ExpiresAt { get; } = expiresAt;
    public ushort Ssn { get; set; }

    /// <summary>How many of its bytes have TSNs.</summary>
    public int Fragmented { get; set; }
    public int Cost => Data.Length + Overhead;
}

/// <summary>
/// The sender of user data: messages waiting for TSNs, chunks waiting for acknowledgement, and the windows that say
/// how much may be in flight (RFC 9260 §6.1, §7.2; RFC 3758).
/// </summary>
internal sealed partial class Outbound(SctpOptions options, Tsn initialTsn)
{
    private const int SmallestRing = 32;

    private readonly Queue<OutboundMessage> _messages = [];
    private readonly Dictionary<ushort, OutboundStream> _streams = [];

    private SentChunk[] _ring = new SentChunk[SmallestRing];
    private Tsn _first = initialTsn; // of the oldest chunk that is not cumulatively acknowledged
    private Tsn _next = initialTsn;
    private int _toRetransmit;
    private int _inFlight;
    private int _peerWindow;
    private CongestionWindow _congestion = new(options.MaxFragmentSize);
    private Instant _lastSentAt;

    private enum ChunkState : byte { InFlight, Acknowledged, ToRetransmit, Abandoned }

    private struct SentChunk
    {
        public OutboundMessage Message;
        public int Offset;
        public int Length;
        public DataFlags Flags;
        public ChunkState State;
        public byte MissingReports;
        public bool FastRetransmitted;
        public int Transmissions;
        public Instant SentAt;
    }

    /// <summary>RFC 3758 is usable only if both sides announced it.</summary>
    public bool MayAbandon { get; set; }

    public int Buffered { get; private set; }
    public Tsn LastAssigned => _next.Previous;
    public bool HasOutstanding => _next > _first;
    public bool IsEmpty => !HasOutstanding && _messages.Count == 0;

    public void SetPeerWindow(uint bytes) => _peerWindow = (int)Math.Min(bytes, int.MaxValue);

    public bool TryEnqueue(ushort stream, uint ppid, ReadOnlySpan<byte> data, ChannelReliability reliability, Instant now)
    {
        if (Buffered + data.Length + OutboundMessage.Overhead > options.SendBuffer) return false;

        if (!_streams.TryGetValue(stream, out var state)) _streams[stream] = state = new OutboundStream(stream);
        var expiresAt = reliability.Lifetime is { } lifetime ? now + lifetime : Instant.Never;
        var message = new OutboundMessage(state, ppid, data.ToArray(), reliability, expiresAt);
        _messages.Enqueue(message);
        state.Queued++;
        Buffered += message.Cost;
        return true;
    }

    /// <summary>Whether anything was sent on a stream since it began.</summary>
    public bool Knows(ushort stream) => _streams.ContainsKey(stream);

    /// <summary>Whether everything queued on a stream has a TSN, so that a reset may follow it (RFC 6525 §5.1.2).</summary>
    public bool IsFlushed(ushort stream) => !_streams.TryGetValue(stream, out var state) || state.Queued == 0;

    /// <summary>The peer performed our reset: the stream begins anew with sequence number 0.</summary>
    public void ResetStream(ushort stream) => _streams.Remove(stream);

    /// <summary>Whether <see cref="TryTake"/> has a chunk that the windows allow.</summary>
    public bool CanSend(Instant now)
    {
        if (_toRetransmit > 0) return MayRetransmit;
        DropExpired(now);
        return _messages.TryPeek(out var message) && MaySend(FragmentLength(message));
    }

    /// <summary>The next chunk to send with at most <paramref name="room"/> bytes of user data; retransmissions come first.</summary>
    public bool TryTake(int room, Instant now, out OutboundChunk chunk)
    {
        chunk = default;
        if (!CanSend(now)) return false;
        return _toRetransmit > 0 ? TryTakeLost(room, now, out chunk) : TryTakeNew(room, now, out chunk);
    }

    private bool MayRetransmit => _fastRetransmit || _inFlight < _congestion.Bytes;

    // §6.1 A: with nothing in flight one chunk may always go; it probes a closed window.
    private bool MaySend(int length) => _inFlight < _congestion.Bytes && (length <= _peerWindow || _inFlight == 0);

    private int FragmentLength(OutboundMessage message) => Math.Min(message.Data.Length - message.Fragmented, options.MaxFragmentSize);

    private bool TryTakeNew(int room, Instant now, out OutboundChunk chunk)
    {
        chunk = default;
        var message = _messages.Peek();
        int length = FragmentLength(message);
        if (length > room) return false;

        var flags = message.Unordered ? DataFlags.Unordered : DataFlags.None;
        if (message.Fragmented == 0)
        {
            flags |= DataFlags.Begin;
            message.Ssn = message.Unordered ? (ushort)0 : message.Stream.NextSsn++;
        }

        int offset = message.Fragmented;
        message.Fragmented += length;
        if (message.Fragmented == message.Data.Length)
        {
            flags |= DataFlags.End;
            _messages.Dequeue();
            message.Stream.Queued--;
        }

        var tsn = Append(new SentChunk { Message = message, Offset = offset, Length = length, Flags = flags });
        chunk = Launch(tsn, now);
        return true;
    }

    private bool TryTakeLost(int room, Instant now, out OutboundChunk chunk)
    {
        chunk = default;
        for (var tsn = _first; tsn < _next; tsn = tsn.Next)
        {
            ref var sent = ref At(tsn);
            if (sent.State is not ChunkState.ToRetransmit) continue;
            if (sent.Length > room) return false;

            _toRetransmit--;
            chunk = Launch(tsn, now);
            return true;
        }

        return false;
    }

    private OutboundChunk Launch(Tsn tsn, Instant now)
    {
        ref var sent = ref At(tsn);
        sent.State = ChunkState.InFlight;
        sent.MissingReports = 0;
        sent.Transmissions++;
        sent.SentAt = _lastSentAt = now;
        _inFlight += sent.Length;
        _peerWindow = Math.Max(0, _peerWindow - sent.Length);

        return new OutboundChunk
        {
            Tsn = tsn,
            // A retransmission wants its answer now (RFC 9260 §3.3.1, the I bit).
            Flags = sent.Transmissions > 1 ? sent.Flags | DataFlags.Immediate : sent.Flags,
            Stream = sent.Message.Stream.Id,
            Ssn = sent.Message.Ssn,
            Ppid = sent.Message.Ppid,
            UserData = sent.Message.Data.AsSpan(sent.Offset, sent.Length),
        };
    }

    private Tsn Append(in SentChunk chunk)
    {
        if (_next - _first == _ring.Length) Grow();
        At(_next) = chunk;
        _next = _next.Next;
        return _next.Previous;
    }

    private void Grow()
    {
        var old = _ring;
        _ring = new SentChunk[old.Length * 2];
        for (var tsn = _first; tsn < _next; tsn = tsn.Next) At(tsn) = old[tsn.Value & (uint)(old.Length - 1)];
    }

    private ref SentChunk At(Tsn tsn) => ref _ring[tsn.Value & (uint)(_ring.Length - 1)];
}
