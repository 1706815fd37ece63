using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Thaw.Protocol.Rtp;
using Thaw.Protocol.Srtp;

namespace Thaw.Protocol.Peer;

/// <summary>The one audio stream of a peer connection: RTP and RTCP, protected. Silent until it has keys.</summary>
/// <remarks>It keeps one packet each way, which is enough: after every input the owner polls until Idle.</remarks>
internal sealed class AudioStream(RandomNumberGenerator random, Instant now) : IDisposable
{
    private readonly RtpSession _rtp = new(random, now);
    private readonly byte[] _incoming = new byte[Output.BufferLength];
    private readonly byte[] _outgoing = new byte[Output.BufferLength];
    private SrtpSession? _srtp;
    private MediaPacket _packet;
    private int _payloadStart, _payloadLength = -1;
    private int _outgoingLength;
    private bool _maySend, _mayReceive;

    public AudioFormat? Format { get; private set; }

    /// <summary>Audio is agreed, and the peer said that it sends.</summary>
    public bool IsSentByPeer => Format is not null && _mayReceive;

    /// <summary>Audio packets so far.</summary>
    public long Received { get; private set; }

    public long Sent { get; private set; }

    public uint Ssrc => _rtp.Ssrc;

    public string Cname => _rtp.Cname;

    public Instant WakeAt => _srtp is null || Format is null ? Instant.Never : _rtp.WakeAt;

    /// <param name="format">Null where the latest description has no audio that we speak.</param>
    /// <param name="maySend">The peer wants to receive.</param>
    /// <param name="mayReceive">The peer wants to send.</param>
    public void Use(AudioFormat? format, bool maySend, bool mayReceive)
    {
        (Format, _maySend, _mayReceive) = (format, maySend, mayReceive);
        if (format is not null) _rtp.Use(format.PayloadType, format.ClockRate);
    }

    public void Start(SrtpKeyingMaterial keys) => _srtp ??= new SrtpSession(keys);

    public DropReason? Receive(ReadOnlySpan<byte> datagram, Instant at)
    {
        if (_srtp is null) return DropReason.NoDtlsYet;
        if (Format is null) return DropReason.UnknownPayloadType;
        if (datagram.Length > _incoming.Length) return DropReason.TooLong;

        var packet = _incoming.AsSpan(0, datagram.Length);
        datagram.CopyTo(packet);
        return RtpHeader.IsRtcp(packet) ? ReceiveRtcp(packet, at) : ReceiveRtp(packet, at);
    }

    /// <summary>Drops the frame unless a codec is agreed, the peer wants to hear it and there are keys.</summary>
    public void Send(ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant at)
    {
        if (_srtp is null || Format is null || !_maySend || payload.Length > MaxPayload) return;
        int length = _rtp.Write(_outgoing, payload, timestamp, marker, at);
        _outgoingLength = _srtp.Protect(_outgoing, length);
        Sent++;
    }

    public bool TryTakeReceived(out Output output)
    {
        output = default;
        if (_payloadLength < 0) return false;
        output = Output.Media(_packet, _incoming.AsSpan(_payloadStart, _payloadLength));
        _payloadLength = -1;
        return true;
    }

    /// <summary>The next protected packet: audio, or a report that is due.</summary>
    public bool TryTakeOutgoing(Span<byte> buffer, Instant at, out int length)
    {
        length = _outgoingLength;
        if (length > 0)
        {
            _outgoing.AsSpan(0, length).CopyTo(buffer);
            _outgoingLength = 0;
            return true;
        }

        if (_srtp is null || Format is null || !_rtp.TryWriteReport(buffer, at, NtpTime.From(at), out int plain)) return false;
        length = _srtp.ProtectRtcp(buffer, plain);
        return true;
    }

    public bool TryTakeObservation([NotNullWhen(true)] out Observation? seen) => _rtp.TryTakeObservation(out seen);

    public void Dispose() => _srtp?.Dispose();

    // Fits a datagram of the 1,200 bytes that any path carries, with header, tag and room to spare.
    private const int MaxPayload = 1_150;

    private DropReason? ReceiveRtcp(Span<byte> packet, Instant at)
        => _srtp!.TryUnprotectRtcp(packet, out int length) ?? _rtp.TryReceiveRtcp(packet[..length], at);

    private DropReason? ReceiveRtp(Span<byte> packet, Instant at)
    {
        if (_srtp!.TryUnprotect(packet, out int length) is { } refused) return refused;
        if (_rtp.TryReceive(packet[..length], at, out var rtp) is { } reason) return reason;

        _packet = rtp.Packet;
        _incoming.AsSpan().Overlaps(rtp.Payload, out _payloadStart);
        _payloadLength = rtp.Payload.Length;
        Received++;
        return null;
    }
}
