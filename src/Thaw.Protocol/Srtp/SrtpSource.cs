namespace Thaw.Protocol.Srtp;

/// <summary>RFC 3711 §3.3.1's limits and estimate of the 48-bit packet index.</summary>
internal static class PacketIndex
{
    public const ulong Max = (1UL << 48) - 1;   // RFC 3711 §9.2
    public const uint MaxRtcp = 0x7FFF_FFFF;    // 31 bits, RFC 3711 §3.4

    /// <summary>The index with these low 16 bits that is nearest to the highest one authenticated.</summary>
    public static ulong Estimate(ulong highest, ushort sequenceNumber)
    {
        int ahead = (short)(sequenceNumber - (ushort)highest);
        return ahead < 0 && highest < (ulong)-ahead
            ? sequenceNumber // before the first roll-over there is no earlier period
            : highest + (ulong)ahead;
    }
}

/// <summary>What one SSRC of the peer has sent us.</summary>
internal sealed class InboundSource(uint ssrc)
{
    public ReplayWindow Rtp, Rtcp;

    public uint Ssrc { get; } = ssrc;
}

/// <summary>What we have sent from one SSRC. An index is never used twice: that would repeat keystream.</summary>
internal sealed class OutboundSource(uint ssrc)
{
    private bool _started;
    private ulong _index;
    private uint _rtcpIndex;

    public uint Ssrc { get; } = ssrc;

    public ulong NextIndex(ushort sequenceNumber)
    {
        if (!_started) return Start(sequenceNumber);

        ushort ahead = (ushort)(sequenceNumber - (ushort)_index);
        if (ahead is 0 or >= 0x8000 || _index + ahead > PacketIndex.Max)
            throw new InvalidOperationException($"RTP sequence number {sequenceNumber} after {(ushort)_index} would reuse a key stream.");
        return _index += ahead;
    }

    public uint NextRtcpIndex()
    {
        if (_rtcpIndex == PacketIndex.MaxRtcp) throw new InvalidOperationException("The SRTCP index is exhausted.");
        return ++_rtcpIndex;
    }

    private ulong Start(ushort sequenceNumber)
    {
        _started = true;
        return _index = sequenceNumber;
    }
}
