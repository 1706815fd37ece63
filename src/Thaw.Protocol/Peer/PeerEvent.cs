using Thaw.Protocol.Ice;

namespace Thaw.Protocol.Peer;

/// <summary>What the application must act on, in the order in which it happened.</summary>
public abstract record PeerEvent
{
    private PeerEvent() { }

    /// <summary>ICE has a pair that works; it may be replaced by a better one, then this comes again.</summary>
    public sealed record PathSelected(Candidate Local, Candidate Remote) : PeerEvent;

    /// <summary>DTLS is up: media may flow.</summary>
    public sealed record Connected : PeerEvent;

    /// <summary>Consent expired (RFC 7675): nothing is sent until a restart or a check brings a path back.</summary>
    public sealed record PathLost : PeerEvent;

    /// <summary>
    /// A candidate hides its address behind this name under <c>.local</c>. Whoever can ask the link for it (mDNS) does, and
    /// calls <see cref="PeerConnection.NameResolved"/>; nothing waits for that.
    /// </summary>
    public sealed record NameToResolve(string Name) : PeerEvent;

    public sealed record ChannelOpened(ushort Stream, string Label, string Protocol) : PeerEvent;

    public sealed record ChannelMessage(ushort Stream, bool IsText, byte[] Data) : PeerEvent;

    public sealed record ChannelClosed(ushort Stream) : PeerEvent;

    /// <summary>Terminal: the attempt or the call ended by a deadline or a fault; resources may be freed.</summary>
    /// <param name="Detail">One sentence for whoever wanted to connect.</param>
    /// <param name="Evidence">Null where nothing was observed, as with <see cref="PeerFailure.Crashed"/>.</param>
    public sealed record Failed(PeerFailure Reason, string Detail, AttemptEvidence? Evidence = null) : PeerEvent;

    /// <summary>Terminal: the other side said goodbye.</summary>
    public sealed record Closed : PeerEvent;
}

/// <summary>The stage that ended an attempt or a call; <see cref="Crashed"/> is the host's word for a bug of ours.</summary>
public enum PeerFailure
{
    NoAnswer,            // to our offer
    NoCandidates,        // nothing of the other side's to check, and no check of its own
    ChecksTimedOut,
    DtlsTimedOut,
    DtlsFailed,
    DataChannelTimedOut,
    SctpFailed,
    PathNotRecovered,    // it was connected, and consent expired
    Crashed,
}

/// <summary>The codec that both sides agreed on.</summary>
/// <param name="PayloadType">The offerer's number, 0–127.</param>
/// <param name="Codec">As SDP spells it: opus, PCMU or PCMA.</param>
/// <param name="ClockRate">The RTP clock in Hz.</param>
/// <param name="Channels">1 or 2, as in rtpmap.</param>
public sealed record AudioFormat(byte PayloadType, string Codec, int ClockRate, int Channels);

/// <summary>What became of an offer.</summary>
public abstract record OfferOutcome
{
    private OfferOutcome() { }

    public sealed record Answered(string Sdp) : OfferOutcome;

    /// <summary>The session is as it was before the offer.</summary>
    public sealed record Refused(OfferRefusal Reason, string Detail) : OfferOutcome;
}

public enum OfferRefusal { MalformedSdp, MissingIceCredentials, MissingFingerprint, FingerprintChanged, DtlsRoleChanged, NothingToAnswer, NoLocalCandidate, Closed }
