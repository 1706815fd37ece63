using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Thaw.Protocol.Rtp;

/// <summary>
/// RTP and RTCP of one audio session between two: one SSRC out, a few in, a report each way about every five seconds.
/// Works on plain packets; SRTP is the caller's. Feed one input, then take observations until there are none.
/// </summary>
public sealed class RtpSession
{
    /// <summary>SSRCs of the peer that are kept; as many as SRTP admits.</summary>
    public const int MaxSources = 16;

    private const int MaxObservations = 64;

    private readonly RtpSender _sender;
    private readonly RtcpSchedule _schedule;
    private readonly List<RtpReceiver> _receivers = new(MaxSources);
    private readonly Queue<Observation> _observations = new();
    private SentReports _sentReports;
    private bool _nackObserved, _refusalObserved;
    private byte _payloadType;
    private int _clockRate;

    /// <param name="now">Media may flow from here on; the first report follows one to three seconds later.</param>
    public RtpSession(RandomNumberGenerator random, Instant now)
    {
        _sender = new RtpSender(random);
        _schedule = new RtcpSchedule(random, now);

        Span<byte> cname = stackalloc byte[12]; // 96 random bits, RFC 7022 §4.2
        random.GetBytes(cname);
        Cname = Convert.ToBase64String(cname);
    }

    /// <summary>For <c>a=ssrc:… cname:…</c>.</summary>
    public uint Ssrc => _sender.Ssrc;

    public string Cname { get; }

    public Instant WakeAt => _schedule.WakeAt;

    /// <summary>Sets what was negotiated; a renegotiation may call it again.</summary>
    public void Use(byte payloadType, int clockRate)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clockRate);
        (_payloadType, _clockRate) = (payloadType, clockRate);
    }

    /// <summary>Writes the next outgoing packet and returns its length.</summary>
    public int Write(Span<byte> buffer, ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now)
    {
        ThrowIfNotNegotiated();
        if (_sender.LastSentAt is null) Observe(new Observation.FirstRtpSent(Ssrc, _payloadType));
        return _sender.Write(buffer, _payloadType, payload, timestamp, marker, now);
    }

    /// <summary>Takes an authenticated RTP packet. On null, <paramref name="rtp"/> is media to hand on.</summary>
    public DropReason? TryReceive(ReadOnlySpan<byte> packet, Instant now, out RtpReader rtp)
    {
        ThrowIfNotNegotiated();
        if (RtpReader.TryRead(packet, out rtp) is { } malformed) return malformed;
        if (ReceiverFor(rtp.Packet) is not { } receiver) return DropReason.SrtpTooManySources;

        receiver.Note(rtp.Packet, now, _clockRate);
        return rtp.Packet.PayloadType == _payloadType ? null : DropReason.UnknownPayloadType;
    }

    /// <summary>Takes an authenticated compound RTCP packet.</summary>
    public DropReason? TryReceiveRtcp(ReadOnlySpan<byte> compound, Instant now)
    {
        if (RtcpReader.TryRead(compound, out var packets) is { } malformed) return malformed;

        foreach (var packet in packets)
        {
            if (packet.Type is RtcpType.SenderReport && Find(packet.SenderSsrc) is { } source) source.Note(packet.SenderInfo, now);
            if (packet.Type is RtcpType.Goodbye) Forget(packet);
            if (packet.IsNack) ObserveNack(packet.MediaSsrc);

            for (int i = 0; i < packet.ReportCount; i++)
            {
                var report = packet.Report(i);
                if (report.Ssrc == Ssrc) Observe(report, now);
            }
        }

        return null;
    }

    /// <summary>The next report, if it is due: SR or RR, and CNAME. At most one per <see cref="WakeAt"/>.</summary>
    /// <param name="ntp">The reports' clock at <paramref name="now"/>: wall time, or <see cref="NtpTime.From"/>.</param>
    public bool TryWriteReport(Span<byte> buffer, Instant now, ulong ntp, out int length)
    {
        length = 0;
        if (!_schedule.TryTake(now)) return false;

        Span<ReportBlock> reports = stackalloc ReportBlock[MaxSources];
        int count = 0;
        foreach (var receiver in _receivers)
            if (receiver.HeardSinceReport) reports[count++] = receiver.Report(now);

        var writer = new RtcpWriter(buffer);
        if (HasSentSinceReportBeforeLast(now))
        {
            writer.AddSenderReport(Ssrc, _sender.Describe(now, ntp, _clockRate), reports[..count]);
            _sentReports.Add(NtpTime.Middle(ntp), now);
        }
        else
        {
            writer.AddReceiverReport(Ssrc, reports[..count]);
        }

        writer.AddCname(Ssrc, Cname);
        length = writer.Length;
        return true;
    }

    public bool TryTakeObservation([NotNullWhen(true)] out Observation? observation) => _observations.TryDequeue(out observation);

    // RFC 3550 §6.4: a sender is who has sent since the report before the last; two longest intervals are 12.3 s.
    private bool HasSentSinceReportBeforeLast(Instant now)
        => _sender.LastSentAt is { } at && now - at < TimeSpan.FromSeconds(12.3);

    private RtpReceiver? ReceiverFor(in MediaPacket packet)
    {
        if (Find(packet.Ssrc) is { } known) return known;

        if (_receivers.Count == MaxSources)
        {
            if (!_refusalObserved) Observe(new Observation.SsrcRefused(packet.Ssrc));
            _refusalObserved = true;
            return null;
        }

        Observe(new Observation.FirstRtpReceived(packet.Ssrc, packet.PayloadType));
        var added = new RtpReceiver(packet);
        _receivers.Add(added);
        return added;
    }

    private RtpReceiver? Find(uint ssrc)
    {
        foreach (var receiver in _receivers)
            if (receiver.Ssrc == ssrc) return receiver;
        return null;
    }

    private void Forget(in RtcpPacket goodbye)
    {
        for (int i = 0; i < goodbye.Count; i++)
            if (Find(goodbye.LeavingSsrc(i)) is { } leaving) _receivers.Remove(leaving);
    }

    private void ObserveNack(uint mediaSsrc)
    {
        if (!_nackObserved) Observe(new Observation.NackIgnored(mediaSsrc));
        _nackObserved = true;
    }

    private void Observe(in ReportBlock report, Instant now)
    {
        var jitter = _clockRate == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)report.Jitter / _clockRate);
        Observe(new Observation.RemoteReport(
            report.Ssrc, report.FractionLost / 256.0, report.CumulativeLost, jitter, RoundTrip(report, now)));
    }

    // RFC 3550 §6.4.1: what is left of the time since our SR without the peer's own delay.
    private TimeSpan? RoundTrip(in ReportBlock report, Instant now)
    {
        if (report.LastReport == 0 || _sentReports.Find(report.LastReport) is not { } sentAt) return null;

        var roundTrip = now - sentAt - NtpTime.ToTimeSpan(report.DelaySinceLastReport);
        return roundTrip < TimeSpan.Zero ? TimeSpan.Zero : roundTrip; // the peer's delay is rounded
    }

    private void Observe(Observation observation)
    {
        if (_observations.Count < MaxObservations) _observations.Enqueue(observation);
    }

    private void ThrowIfNotNegotiated()
    {
        if (_clockRate == 0) throw new InvalidOperationException("No codec has been negotiated.");
    }
}
