namespace Thaw.Protocol;

public abstract partial record Observation
{
    /// <summary>Media arrives: the first authenticated packet of this SSRC.</summary>
    public sealed record FirstRtpReceived(uint Ssrc, byte PayloadType) : Observation;

    public sealed record FirstRtpSent(uint Ssrc, byte PayloadType) : Observation;

    /// <summary>The peer's account of what it received from us (RFC 3550 §6.4.1).</summary>
    /// <param name="FractionLost">0–1, since its last report.</param>
    /// <param name="RoundTrip">Null until the peer has had a sender report of ours.</param>
    public sealed record RemoteReport(
        uint Ssrc, double FractionLost, int CumulativeLost, TimeSpan Jitter, TimeSpan? RoundTrip) : Observation;

    /// <summary>The peer asks for retransmission, which we do not do. Said once a session.</summary>
    public sealed record NackIgnored(uint MediaSsrc) : Observation;

    /// <summary>The peer sends from more sources than we keep. Said once a session.</summary>
    public sealed record SsrcRefused(uint Ssrc) : Observation;
}
