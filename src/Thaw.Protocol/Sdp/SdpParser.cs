namespace Thaw.Protocol.Sdp;

/// <summary>
/// One pass over the text, one line at a time. What a browser cannot do without is checked and named with its line;
/// what we do not need is skipped, however odd.
/// </summary>
internal ref struct SdpParser(ReadOnlySpan<char> sdp)
{
    private readonly SectionDraft _session = new(0, MediaKind.Other, "", 0, "", []);
    private readonly List<SectionDraft> _sections = [];
    private readonly HashSet<string> _mids = [];
    private readonly List<string[]> _groups = [];
    private ReadOnlySpan<char> _rest = sdp;
    private int _line;
    private int _attributes;
    private bool _isIceLite;
    private string? _sessionId;
    private ulong _sessionVersion;

    public SdpError? Parse()
    {
        bool hasVersion = false;
        while (TryReadLine(out var line))
        {
            if (line.IsEmpty) continue; // RFC 8866 §5 has none; a stray one harms nobody
            if (line.Length < 2 || line[1] != '=' || !char.IsAsciiLetterLower(line[0]))
                return Error(SdpFault.NotSdp, "not of the form <type>=<value>");
            if (line.ContainsAnyInRange('\0', '\x08') || line.ContainsAnyInRange('\x0B', '\x1F'))
                return Error(SdpFault.NotSdp, "a control character");

            var value = line[2..].TrimEnd(' ');
            if (!hasVersion && line is not "v=0") return Error(SdpFault.NotSdp, "does not begin with v=0");
            hasVersion = true;

            if (ParseLine(line[0], value) is { } error) return error;
        }

        if (!hasVersion) return new SdpError(SdpFault.NotSdp, 0, "empty");
        return _sessionId is null ? new SdpError(SdpFault.BadOrigin, 0, "no o= line") : null;
    }

    public readonly SessionDescription Build() => new()
    {
        SessionId = _sessionId!,
        SessionVersion = _sessionVersion,
        IsIceLite = _isIceLite,
        BundleGroups = KnownGroups(),
        Media = [.. _sections.ConvertAll(section => section.Build(inherited: section.Session))],
    };

    private SdpError? ParseLine(char type, ReadOnlySpan<char> value) => type switch
    {
        'o' when _sessionId is null => ParseOrigin(value),
        'm' => ParseMedia(value),
        'a' => ParseAttribute(value),
        _ => null, // s, t, c, b, i, …: nothing in them for a WebRTC peer (RFC 8829 §5.8.1)
    };

    // RFC 8866 §5.2: o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address>
    private SdpError? ParseOrigin(ReadOnlySpan<char> value)
    {
        var words = new SdpWords(value);
        words.Next();
        var id = words.Next();
        if (id.Length is 0 or > 64 || !SdpText.IsToken(id)) return Error(SdpFault.BadOrigin, "no session id in o=");
        if (!ulong.TryParse(words.Next(), System.Globalization.NumberStyles.None, null, out _sessionVersion))
            return Error(SdpFault.BadOrigin, "the session version in o= is no number");

        _sessionId = id.ToString();
        return null;
    }

    // RFC 8866 §5.14: m=<media> <port>[/<number>] <proto> <fmt> …
    private SdpError? ParseMedia(ReadOnlySpan<char> value)
    {
        if (_sections.Count == SessionDescription.MaxSections)
            return Error(SdpFault.TooLong, $"more than {SessionDescription.MaxSections} m= lines");

        var words = new SdpWords(value);
        var name = words.Next();
        if (!SdpText.IsToken(name)) return Error(SdpFault.BadMediaLine, "no media type in m=");

        var port = words.Next();
        int slash = port.IndexOf('/');
        if (!SdpText.TryNumber(slash < 0 ? port : port[..slash], 0, ushort.MaxValue, out long number))
            return Error(SdpFault.BadMediaLine, "the port in m= is no port");

        var protocol = words.Next();
        if (!SdpText.IsToken(protocol)) return Error(SdpFault.BadMediaLine, "no protocol in m=");

        var formats = new List<string>();
        for (var format = words.Next(); !format.IsEmpty; format = words.Next())
        {
            if (formats.Count == SessionDescription.MaxFormats)
                return Error(SdpFault.TooLong, $"more than {SessionDescription.MaxFormats} formats in m=");
            if (!SdpText.IsToken(format)) return Error(SdpFault.BadMediaLine, "a format in m= is no token");
            formats.Add(format.ToString());
        }

        if (formats.Count == 0) return Error(SdpFault.BadMediaLine, "no format in m=");

        _sections.Add(new SectionDraft(_sections.Count, KindOf(name), name.ToString(), (ushort)number, protocol.ToString(), formats)
        {
            Session = _session,
        });
        _attributes = 0;
        return null;
    }

    private SdpError? ParseAttribute(ReadOnlySpan<char> value)
    {
        if (++_attributes > SessionDescription.MaxAttributes)
            return Error(SdpFault.TooLong, $"more than {SessionDescription.MaxAttributes} attributes in a section");

        int colon = value.IndexOf(':');
        var name = colon < 0 ? value : value[..colon];
        value = colon < 0 ? [] : value[(colon + 1)..].TrimStart(' ');

        if (_sections.Count == 0) ParseSessionAttribute(name, value);
        var section = _sections.Count == 0 ? _session : _sections[^1];
        if (section.TakeAttribute(name, value) is { } reason) return Error(SdpFault.BadAttribute, reason);

        return name is "mid" && _sections.Count > 0 && !_mids.Add(section.Mid!)
            ? Error(SdpFault.BadBundle, "a mid that an earlier section has") // RFC 5888 §6: unique within a description
            : null;
    }

    private void ParseSessionAttribute(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        if (name is "ice-lite") _isIceLite = true;
        if (name is not "group") return;

        var words = new SdpWords(value);
        if (words.Next() is "BUNDLE") _groups.Add(words.Rest.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    // Mids without a section, and a mid's second group, say nothing (RFC 8843 §5 forbids both).
    private readonly List<IReadOnlyList<string>> KnownGroups()
    {
        var free = new HashSet<string>(_mids);
        var known = new List<IReadOnlyList<string>>();
        foreach (string[] group in _groups)
            if (Array.FindAll(group, free.Remove) is { Length: > 0 } mids) known.Add(mids);
        return known;
    }

    // Browsers end lines with CRLF (RFC 8866 §5); people who paste, templates and JSON by hand do not.
    private bool TryReadLine(out ReadOnlySpan<char> line)
    {
        line = _rest;
        if (_rest.IsEmpty) return false;

        _line++;
        int end = _rest.IndexOfAny('\r', '\n');
        if (end < 0)
        {
            _rest = [];
            return true;
        }

        line = _rest[..end];
        bool isPair = _rest[end] == '\r' && end + 1 < _rest.Length && _rest[end + 1] == '\n';
        _rest = _rest[(end + (isPair ? 2 : 1))..];
        return true;
    }

    private readonly SdpError Error(SdpFault fault, string reason) => new(fault, _line, reason);

    private static MediaKind KindOf(ReadOnlySpan<char> name) => name switch
    {
        "audio" => MediaKind.Audio,
        "video" => MediaKind.Video,
        "application" => MediaKind.Application,
        _ => MediaKind.Other,
    };
}
