using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Rtp;

/// <summary>One SSRC that we send from: numbering, and the figures for sender reports.</summary>
public sealed class RtpSender
{
    private readonly uint _timestampOffset;
    private ushort _nextSequenceNumber;
    private uint _packetCount, _octetCount;
    private uint _lastTimestamp;
    private Instant? _lastSentAt;

    public RtpSender(RandomNumberGenerator random)
    {
        Span<byte> bytes = stackalloc byte[10];
        random.GetBytes(bytes);
        Ssrc = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        _timestampOffset = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]); // random, RFC 3550 §5.1

        // Below 2^15, so that the peer's SRTP cannot miss the first roll-over (RFC 3711 §3.3.1 starts at ROC 0).
        _nextSequenceNumber = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]) & 0x7FFF);
    }

    public uint Ssrc { get; }

    public Instant? LastSentAt => _lastSentAt;

    /// <summary>Writes the next packet and returns its length.</summary>
    /// <param name="timestamp">The caller's media time in RTP units; on the wire it has a random offset.</param>
    public int Write(Span<byte> buffer, byte payloadType, ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now)
    {
        _lastTimestamp = timestamp + _timestampOffset;
        _lastSentAt = now;
        _packetCount++;
        _octetCount += (uint)payload.Length;
        return RtpWriter.Write(buffer, new(Ssrc, payloadType, _nextSequenceNumber++, _lastTimestamp, marker), payload);
    }

    /// <summary>For an SR at <paramref name="now"/>, which is <paramref name="ntp"/> on the reports' clock.</summary>
    public SenderInfo Describe(Instant now, ulong ntp, int clockRate)
    {
        var sinceLast = _lastSentAt is { } at ? now - at : TimeSpan.Zero;
        uint elapsed = (uint)(sinceLast.Ticks * (Int128)clockRate / TimeSpan.TicksPerSecond);
        return new(ntp, _lastTimestamp + elapsed, _packetCount, _octetCount);
    }
}
