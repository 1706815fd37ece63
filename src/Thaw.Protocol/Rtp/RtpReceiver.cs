namespace Thaw.Protocol.Rtp;

/// <summary>
/// Reception statistics of one SSRC (RFC 3550 §6.4.1, appendices A.1, A.3 and A.8). No probation: the packets are
/// already authenticated.
/// </summary>
public sealed class RtpReceiver
{
    private const int MaxDropout = 3000; // RFC 3550 A.1
    private const int MaxMisorder = 100; // RFC 3550 A.1

    private ushort _maxSequence;
    private uint _cycles, _baseSequence;
    private int? _restartSequence; // bad_seq of A.1: a second packet in this order means that the sender restarted
    private uint _received, _receivedPrior, _expectedPrior;
    private uint _lastTransit;
    private uint _jitterTimes16;
    private uint _lastReport;
    private Instant _lastReportAt;

    public RtpReceiver(in MediaPacket first)
    {
        Ssrc = first.Ssrc;
        Restart(first.SequenceNumber);
    }

    public uint Ssrc { get; }

    public uint ExtendedHighestSequence => _cycles | _maxSequence;

    public int CumulativeLost => (int)(Expected - _received);

    /// <summary>In units of the RTP clock.</summary>
    public uint Jitter => _jitterTimes16 >> 4;

    /// <summary>Packets have come since the last report block was made.</summary>
    public bool HeardSinceReport => _received != _receivedPrior;

    private uint Expected => ExtendedHighestSequence - _baseSequence + 1;

    public void Note(in MediaPacket packet, Instant now, int clockRate)
    {
        if (!TryNoteSequence(packet.SequenceNumber)) return;

        // A.8: the arrival time in RTP units need only share the sender's rate, not its origin.
        uint arrival = (uint)((Int128)now.Ticks * clockRate / TimeSpan.TicksPerSecond);
        uint transit = arrival - packet.Timestamp;
        if (_received > 1)
        {
            uint difference = (uint)Math.Abs((long)(int)(transit - _lastTransit));
            _jitterTimes16 += difference - ((_jitterTimes16 + 8) >> 4);
        }

        _lastTransit = transit;
    }

    /// <summary>A sender report came from this source.</summary>
    public void Note(in SenderInfo report, Instant now)
        => (_lastReport, _lastReportAt) = (NtpTime.Middle(report.Ntp), now);

    /// <summary>Makes the next report block; the loss fraction is over the time since the previous one (A.3).</summary>
    public ReportBlock Report(Instant now)
    {
        uint expected = Expected - _expectedPrior;
        int lost = (int)(expected - (_received - _receivedPrior));
        byte fraction = lost <= 0 || expected == 0 ? (byte)0 : (byte)long.Min(255, ((long)lost << 8) / expected);
        (_expectedPrior, _receivedPrior) = (Expected, _received);

        return new(
            Ssrc, fraction, CumulativeLost, ExtendedHighestSequence, Jitter, _lastReport,
            _lastReport == 0 ? 0 : NtpTime.ShortFrom(now - _lastReportAt));
    }

    private bool TryNoteSequence(ushort sequence)
    {
        ushort ahead = (ushort)(sequence - _maxSequence);
        if (ahead < MaxDropout)
        {
            if (sequence < _maxSequence) _cycles += 1 << 16;
            _maxSequence = sequence;
        }
        else if (ahead <= ushort.MaxValue + 1 - MaxMisorder)
        {
            if (_restartSequence != sequence)
            {
                _restartSequence = (ushort)(sequence + 1);
                return false;
            }

            Restart(sequence);
        }

        _received++;
        return true;
    }

    private void Restart(ushort sequence)
    {
        _maxSequence = sequence;
        _baseSequence = sequence;
        _cycles = 0;
        _restartSequence = null;
        (_received, _receivedPrior, _expectedPrior) = (0, 0, 0);
    }
}
