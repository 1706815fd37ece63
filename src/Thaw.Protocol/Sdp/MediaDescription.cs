namespace Thaw.Protocol.Sdp;

public enum MediaKind { Audio, Video, Application, Other }

/// <summary>RFC 8866 §6.7.</summary>
public enum MediaDirection { SendReceive, SendOnly, ReceiveOnly, Inactive }

/// <summary>Who sends the DTLS ClientHello (RFC 4145 §4, RFC 5763 §5).</summary>
public enum SetupRole { ActPass, Active, Passive, HoldConnection }

/// <summary>One RTP payload type of a section, with what rtpmap and fmtp say of it (RFC 8866 §6.6, §6.15).</summary>
/// <param name="Encoding">As offered; encoding names are case-insensitive.</param>
/// <param name="Fmtp">The text after the payload type, null without an fmtp line.</param>
public sealed record PayloadFormat(byte PayloadType, string Encoding, int ClockRate, int Channels, string? Fmtp);

/// <summary>RFC 8285 §8.</summary>
public sealed record HeaderExtension(int Id, string Uri);

/// <summary>
/// One m-section (RFC 8866 §5.14). ICE, fingerprint, setup and direction are already inherited from the session level
/// where the section has none of its own.
/// </summary>
public sealed class MediaDescription
{
    /// <summary>Position among the m-lines, from 0: <c>sdpMLineIndex</c>.</summary>
    public required int Index { get; init; }
    public required MediaKind Kind { get; init; }

    /// <summary>The media name as written; differs from <see cref="Kind"/> only for <see cref="MediaKind.Other"/>.</summary>
    public required string KindName { get; init; }
    public required ushort Port { get; init; }
    public required string Protocol { get; init; }

    /// <summary>The m-line's formats as written: at least one.</summary>
    public required IReadOnlyList<string> Formats { get; init; }

    public string? Mid { get; init; }
    public MediaDirection Direction { get; init; }
    public bool HasRtcpMux { get; init; }

    /// <summary>Port 0 does not mean rejected here (RFC 8843 §6).</summary>
    public bool IsBundleOnly { get; init; }

    public string? IceUfrag { get; init; }
    public string? IcePassword { get; init; }
    public IReadOnlyList<string> IceOptions { get; init; } = [];

    /// <summary>Every well-formed one, as <c>sha-256 AB:CD:…</c>, in the order written.</summary>
    public IReadOnlyList<string> Fingerprints { get; init; } = [];
    public SetupRole? Setup { get; init; }

    /// <summary>In m-line order; static types 0, 8 and 9 are known without an rtpmap (RFC 3551 §6).</summary>
    public IReadOnlyList<PayloadFormat> Payloads { get; init; } = [];
    public IReadOnlyList<HeaderExtension> HeaderExtensions { get; init; } = [];
    public IReadOnlyList<SdpCandidate> Candidates { get; init; } = [];

    /// <summary>Candidate lines that are malformed. They cost the offer a path, not its life.</summary>
    public int IgnoredCandidates { get; init; }
    public bool HasEndOfCandidates { get; init; }

    /// <summary>From sctp-port, or from the older sctpmap (RFC 8841 §5.1, draft-ietf-mmusic-sctp-sdp-05).</summary>
    public ushort? SctpPort { get; init; }

    /// <summary>The largest message the peer takes; 0 is any size (RFC 8841 §6.1).</summary>
    public long MaxMessageSize { get; init; } = DefaultMaxMessageSize;

    /// <summary><c>stream track</c> as in the first a=msid (RFC 8830 §2).</summary>
    public string? Msid { get; init; }
    public IReadOnlyList<uint> Ssrcs { get; init; } = [];

    /// <summary>RFC 8841 §6.1: 64 KiB where the attribute is absent.</summary>
    public const long DefaultMaxMessageSize = 65_536;

    /// <summary>The strongest hash we can check: sha-512, sha-384 or sha-256. Null if there is none of them.</summary>
    public string? Fingerprint => Fingerprints.MaxBy(f => f[.."sha-256".Length], StringComparer.OrdinalIgnoreCase);

    /// <summary>Disabled by the offerer, or rejected by the answerer (RFC 3264 §6, §8.2).</summary>
    public bool IsRejected => Port == 0 && !IsBundleOnly;

    public bool IsRtp => Protocol.Contains("RTP/", StringComparison.OrdinalIgnoreCase);

    /// <summary>RFC 8841 §4, and the DTLS/SCTP of its drafts.</summary>
    public bool IsDataChannel => Kind == MediaKind.Application && Protocol.EndsWith("DTLS/SCTP", StringComparison.OrdinalIgnoreCase);

    public override string ToString() => $"m={KindName} {Port} {Protocol} mid={Mid}";
}
