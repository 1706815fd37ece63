using System.Buffers.Binary;
using Thaw.Protocol.Rtp;

namespace Thaw.Protocol.Srtp;

/// <summary>
/// SRTP and SRTCP for one DTLS association (RFC 3711, RFC 7714): both directions, in place, without allocation per packet.
/// One owner, not thread-safe.
/// </summary>
public sealed class SrtpSession : IDisposable
{
    /// <summary>SSRCs in each direction. A peer's further ones are refused.</summary>
    public const int MaxSources = 16;

    /// <summary>Room that a buffer needs behind an RTP or RTCP packet, whatever the profile.</summary>
    public const int MaxOverhead = 20;

    private const int RtcpHeaderLength = 8;
    private const int EarlySequenceNumber = 1024;

    private readonly SrtpCipher _outbound, _inbound;
    private readonly OutboundSource?[] _sending = new OutboundSource?[MaxSources];
    private readonly InboundSource?[] _receiving = new InboundSource?[MaxSources];

    public SrtpSession(SrtpKeyingMaterial keys)
        : this(
            SrtpCipher.Create(keys.Profile, keys.LocalMasterKey, keys.LocalMasterSalt),
            SrtpCipher.Create(keys.Profile, keys.RemoteMasterKey, keys.RemoteMasterSalt))
    {
    }

    internal SrtpSession(SrtpCipher outbound, SrtpCipher inbound) => (_outbound, _inbound) = (outbound, inbound);

    /// <summary>Encrypts and signs the RTP packet in the buffer's first bytes and returns its new length.</summary>
    /// <param name="buffer">Has <see cref="MaxOverhead"/> bytes of room behind the packet.</param>
    /// <exception cref="InvalidOperationException">The sequence number is not later than the last one's.</exception>
    public int Protect(Span<byte> buffer, int rtpLength)
    {
        if (RtpHeader.TryMeasure(buffer[..rtpLength], out int headerLength) is { } reason)
            throw new ArgumentException($"Not an RTP packet: {reason}.", nameof(buffer));

        var packet = buffer[..(rtpLength + _outbound.RtpOverhead)];
        uint ssrc = RtpHeader.Ssrc(packet);
        ulong index = Sending(ssrc).NextIndex(RtpHeader.SequenceNumber(packet));
        _outbound.ProtectRtp(packet, headerLength, ssrc, index);
        return packet.Length;
    }

    /// <summary>Checks and decrypts a packet. If it is refused, its bytes are unspecified.</summary>
    public DropReason? TryUnprotect(Span<byte> packet, out int rtpLength)
    {
        rtpLength = 0;
        if (RtpHeader.TryMeasure(packet, out int headerLength) is { } malformed) return malformed;
        if (packet.Length < headerLength + _inbound.RtpOverhead) return DropReason.Truncated;

        uint ssrc = RtpHeader.Ssrc(packet);
        ushort sequenceNumber = RtpHeader.SequenceNumber(packet);
        var source = Receiving(ssrc);
        ulong index;

        if (source is { Rtp.IsStarted: true })
        {
            index = PacketIndex.Estimate(source.Rtp.Highest, sequenceNumber);
            if (index > PacketIndex.Max) return DropReason.SrtpIndexExhausted;
            if (source.Rtp.IsReplay(index)) return DropReason.SrtpReplayed;
            if (!_inbound.TryUnprotectRtp(packet, headerLength, ssrc, index)) return DropReason.SrtpAuthenticationFailed;
        }
        else if (!TryUnprotectFirst(packet, headerLength, ssrc, sequenceNumber, out index))
        {
            return DropReason.SrtpAuthenticationFailed;
        }

        source ??= Admit(ssrc);
        if (source is null) return DropReason.SrtpTooManySources;

        source.Rtp.Accept(index);
        rtpLength = packet.Length - _inbound.RtpOverhead;
        return null;
    }

    /// <summary>As <see cref="Protect"/>, for a compound RTCP packet; adds the SRTCP index.</summary>
    public int ProtectRtcp(Span<byte> buffer, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, RtcpHeaderLength);

        var packet = buffer[..(length + _outbound.RtcpOverhead)];
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        _outbound.ProtectRtcp(packet, ssrc, Sending(ssrc).NextRtcpIndex());
        return packet.Length;
    }

    /// <summary>As <see cref="TryUnprotect"/>, for SRTCP. Packets that are signed but not encrypted are refused.</summary>
    public DropReason? TryUnprotectRtcp(Span<byte> packet, out int length)
    {
        length = 0;
        if (packet.Length < RtcpHeaderLength + _inbound.RtcpOverhead) return DropReason.Truncated;

        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        uint word = BinaryPrimitives.ReadUInt32BigEndian(packet[^_inbound.IndexWordFromEnd..]);
        uint index = word & ~SrtpCipher.EncryptedFlag;
        var source = Receiving(ssrc);

        if ((word & SrtpCipher.EncryptedFlag) == 0) return DropReason.Malformed;
        if (source is not null && source.Rtcp.IsReplay(index)) return DropReason.SrtpReplayed;
        if (!_inbound.TryUnprotectRtcp(packet, ssrc, index)) return DropReason.SrtpAuthenticationFailed;

        source ??= Admit(ssrc);
        if (source is null) return DropReason.SrtpTooManySources;

        source.Rtcp.Accept(index);
        length = packet.Length - _inbound.RtcpOverhead;
        return null;
    }

    public void Dispose()
    {
        _outbound.Dispose();
        _inbound.Dispose();
    }

    // A sender that began shortly below 2^16 (aiortc begins anywhere) may have rolled over before its first packet
    // got through. Both roll-over counts are tried then, or the whole stream would be refused for ever.
    private bool TryUnprotectFirst(Span<byte> packet, int headerLength, uint ssrc, ushort sequenceNumber, out ulong index)
    {
        index = sequenceNumber;
        if (sequenceNumber >= EarlySequenceNumber || packet.Length > Output.BufferLength)
            return _inbound.TryUnprotectRtp(packet, headerLength, ssrc, index);

        Span<byte> copy = stackalloc byte[Output.BufferLength];
        packet.CopyTo(copy);
        if (_inbound.TryUnprotectRtp(packet, headerLength, ssrc, index)) return true;

        copy[..packet.Length].CopyTo(packet);
        index += 1 << 16;
        return _inbound.TryUnprotectRtp(packet, headerLength, ssrc, index);
    }

    private InboundSource? Receiving(uint ssrc)
    {
        foreach (var source in _receiving)
        {
            if (source is null) return null;
            if (source.Ssrc == ssrc) return source;
        }

        return null;
    }

    /// <summary>Only for an SSRC whose packet has been authenticated, so that nobody else can fill the table.</summary>
    private InboundSource? Admit(uint ssrc)
    {
        int free = Array.IndexOf(_receiving, null);
        return free < 0 ? null : _receiving[free] = new InboundSource(ssrc);
    }

    private OutboundSource Sending(uint ssrc)
    {
        for (int i = 0; i < MaxSources; i++)
        {
            var source = _sending[i] ??= new OutboundSource(ssrc);
            if (source.Ssrc == ssrc) return source;
        }

        throw new InvalidOperationException($"More than {MaxSources} SSRCs are being sent from.");
    }
}
