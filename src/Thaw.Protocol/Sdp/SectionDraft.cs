using System.Globalization;

namespace Thaw.Protocol.Sdp;

/// <summary>A section, or the session level, while its lines are still coming in.</summary>
internal sealed class SectionDraft(int index, MediaKind kind, string kindName, ushort port, string protocol, List<string> formats)
{
    private const int MaxSsrcs = 64;
    private const int MaxMid = 64; // it comes back twice in the answer; RFC 8843 §15.1 wants 3 characters or fewer

    private readonly List<string> _fingerprints = [];
    private readonly List<string> _iceOptions = [];
    private readonly List<HeaderExtension> _extensions = [];
    private readonly List<SdpCandidate> _candidates = [];
    private readonly List<uint> _ssrcs = [];
    private readonly Dictionary<byte, PayloadFormat> _encodings = [];
    private readonly Dictionary<byte, string> _fmtps = [];
    private string? _ufrag;
    private string? _password;
    private SetupRole? _setup;
    private MediaDirection? _direction;
    private bool _hasRtcpMux;
    private bool _isBundleOnly;
    private bool _hasEndOfCandidates;
    private int _ignoredCandidates;
    private ushort? _sctpPort;
    private long _maxMessageSize = MediaDescription.DefaultMaxMessageSize;
    private string? _msid;

    public SectionDraft? Session { get; init; }
    public string? Mid { get; private set; }

    /// <summary>Null, or why the attribute makes the description unusable.</summary>
    public string? TakeAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        switch (name)
        {
            case "ice-ufrag": return TakeIce(value, 4, ref _ufrag, "ice-ufrag is not 4 to 256 characters"); // RFC 8839 §5.4
            case "ice-pwd": return TakeIce(value, 22, ref _password, "ice-pwd is not 22 to 256 characters");
            case "ice-options": _iceOptions.AddRange(value.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)); return null;
            case "fingerprint": return TakeFingerprint(value);
            case "setup": return TakeSetup(value);
            case "sendrecv": _direction = MediaDirection.SendReceive; return null;
            case "sendonly": _direction = MediaDirection.SendOnly; return null;
            case "recvonly": _direction = MediaDirection.ReceiveOnly; return null;
            case "inactive": _direction = MediaDirection.Inactive; return null;
            case "end-of-candidates": _hasEndOfCandidates = true; return null;
            default: return Session is null ? null : TakeMediaAttribute(name, value);
        }
    }

    private string? TakeMediaAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        switch (name)
        {
            case "mid": return TakeMid(value);
            case "rtcp-mux": _hasRtcpMux = true; return null;
            case "bundle-only": _isBundleOnly = true; return null;
            case "candidate": TakeCandidate(value); return null;
            case "rtpmap": return TakeRtpMap(value);
            case "fmtp": TakeFmtp(value); return null;
            case "extmap": TakeExtension(value); return null;
            case "ssrc": TakeSsrc(value); return null;
            case "msid" when IsPrintable(value): _msid ??= value.ToString(); return null;
            case "sctp-port": return TakeSctpPort(value, "sctp-port is no port");
            case "sctpmap": return TakeSctpPort(new SdpWords(value).Next(), "sctpmap has no port");
            case "max-message-size":
                return SdpText.TryNumber(value, 0, long.MaxValue, out _maxMessageSize) ? null : "max-message-size is no number";
            default: return null;
        }
    }

    public MediaDescription Build(SectionDraft? inherited) => new()
    {
        Index = index,
        Kind = kind,
        KindName = kindName,
        Port = port,
        Protocol = protocol,
        Formats = formats,
        Mid = Mid,
        Direction = _direction ?? inherited?._direction ?? MediaDirection.SendReceive, // RFC 8866 §6.7
        HasRtcpMux = _hasRtcpMux,
        IsBundleOnly = _isBundleOnly,
        IceUfrag = _ufrag ?? inherited?._ufrag,
        IcePassword = _password ?? inherited?._password,
        IceOptions = _iceOptions.Count > 0 ? _iceOptions : inherited?._iceOptions ?? _iceOptions,
        Fingerprints = _fingerprints.Count > 0 ? _fingerprints : inherited?._fingerprints ?? _fingerprints,
        Setup = _setup ?? inherited?._setup,
        Payloads = Payloads(),
        HeaderExtensions = _extensions,
        Candidates = _candidates,
        IgnoredCandidates = _ignoredCandidates,
        HasEndOfCandidates = _hasEndOfCandidates || inherited?._hasEndOfCandidates is true, // RFC 8840 §4.4
        SctpPort = _sctpPort,
        MaxMessageSize = _maxMessageSize,
        Msid = _msid,
        Ssrcs = _ssrcs,
    };

    private List<PayloadFormat> Payloads()
    {
        var payloads = new List<PayloadFormat>();
        foreach (string format in formats)
        {
            if (!SdpText.TryNumber(format, 0, 127, out long number) || !protocol.Contains("RTP/", StringComparison.OrdinalIgnoreCase)) continue;

            byte type = (byte)number;
            if ((_encodings.GetValueOrDefault(type) ?? Static(type)) is { } encoding)
                payloads.Add(encoding with { Fmtp = _fmtps.GetValueOrDefault(type) });
        }

        return payloads;
    }

    // RFC 3551 §6, of the static types those that browsers offer.
    private static PayloadFormat? Static(byte type) => type switch
    {
        0 => new(0, "PCMU", 8000, 1, null),
        8 => new(8, "PCMA", 8000, 1, null),
        9 => new(9, "G722", 8000, 1, null),
        _ => null,
    };

    private static string? TakeIce(ReadOnlySpan<char> value, int least, ref string? field, string reason)
    {
        if (!SdpText.IsIceText(value, least)) return reason;
        field = value.ToString();
        return null;
    }

    private string? TakeFingerprint(ReadOnlySpan<char> value)
    {
        var words = new SdpWords(value);
        switch (SdpText.IsFingerprint(value))
        {
            case true: _fingerprints.Add($"{words.Next()} {words.Next()}"); return null;
            case false: return "the fingerprint is not as long as its hash";
            default: return null; // sha-1 and others: we could not check it
        }
    }

    private string? TakeSetup(ReadOnlySpan<char> value)
    {
        _setup = value switch
        {
            "actpass" => SetupRole.ActPass,
            "active" => SetupRole.Active,
            "passive" => SetupRole.Passive,
            "holdconn" => SetupRole.HoldConnection,
            _ => null,
        };
        return _setup is null ? "setup is none of actpass, active, passive, holdconn" : null;
    }

    private string? TakeMid(ReadOnlySpan<char> value)
    {
        if (value.Length > MaxMid || !SdpText.IsToken(value)) return "mid is no token, or too long"; // RFC 5888 §4
        Mid = value.ToString();
        return null;
    }

    private void TakeCandidate(ReadOnlySpan<char> value)
    {
        if (SdpCandidate.TryParse(value, out var candidate)) _candidates.Add(candidate);
        else _ignoredCandidates++;
    }

    // RFC 8866 §6.6: <payload type> <encoding name>/<clock rate>[/<channels>]
    private string? TakeRtpMap(ReadOnlySpan<char> value)
    {
        var words = new SdpWords(value);
        if (!SdpText.TryNumber(words.Next(), 0, 127, out long type)) return "rtpmap has no payload type of 0 to 127";

        string[] parts = words.Rest.ToString().Split('/', 4);
        if (parts.Length < 2 || !SdpText.IsToken(parts[0]) || !SdpText.TryNumber(parts[1], 1, int.MaxValue, out long rate))
            return "rtpmap is not <encoding>/<clock rate>";

        bool hasChannels = parts.Length > 2 && SdpText.TryNumber(parts[2], 1, 255, out _);
        int channels = hasChannels ? int.Parse(parts[2], CultureInfo.InvariantCulture) : 1;
        _encodings[(byte)type] = new PayloadFormat((byte)type, parts[0], (int)rate, channels, null);
        return null;
    }

    private void TakeFmtp(ReadOnlySpan<char> value)
    {
        var words = new SdpWords(value);
        if (SdpText.TryNumber(words.Next(), 0, 127, out long type) && IsPrintable(words.Rest))
            _fmtps[(byte)type] = words.Rest.ToString();
    }

    private void TakeExtension(ReadOnlySpan<char> value)
    {
        var words = new SdpWords(value);
        var id = words.Next();
        int slash = id.IndexOf('/'); // a direction may follow
        if (SdpText.TryNumber(slash < 0 ? id : id[..slash], 1, 4351, out long number) && words.Next() is { IsEmpty: false } uri)
            _extensions.Add(new HeaderExtension((int)number, uri.ToString()));
    }

    private void TakeSsrc(ReadOnlySpan<char> value)
    {
        if (!SdpText.TryNumber(new SdpWords(value).Next(), 0, uint.MaxValue, out long ssrc)) return;
        if (_ssrcs.Count < MaxSsrcs && !_ssrcs.Contains((uint)ssrc)) _ssrcs.Add((uint)ssrc);
    }

    private string? TakeSctpPort(ReadOnlySpan<char> value, string reason)
    {
        if (!SdpText.TryNumber(value, 0, ushort.MaxValue, out long number)) return reason;
        _sctpPort = (ushort)number;
        return null;
    }

    // What may be written back must not break a line of somebody's parser.
    private static bool IsPrintable(ReadOnlySpan<char> value) => !value.IsEmpty && !value.ContainsAnyExceptInRange(' ', '~');
}
