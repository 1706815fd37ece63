using System.Diagnostics.CodeAnalysis;

namespace Thaw.Protocol.Sdp;

/// <summary>What we need of an offer or an answer (RFC 8866, RFC 8829 §5.8). Immutable; parsing never throws.</summary>
public sealed class SessionDescription
{
    public const int MaxLength = 256 * 1024;
    public const int MaxSections = 64;
    public const int MaxAttributes = 2048; // per section; Chromium's longest has about 130
    public const int MaxFormats = 256;

    /// <summary>The o= line's sess-id: the same for all descriptions of one peer connection.</summary>
    public required string SessionId { get; init; }

    /// <summary>The o= line's sess-version: grows with every description (RFC 8829 §5.2.2).</summary>
    public required ulong SessionVersion { get; init; }

    public bool IsIceLite { get; init; }

    /// <summary>Each BUNDLE group's mids, in the order written (RFC 8843 §5).</summary>
    public IReadOnlyList<IReadOnlyList<string>> BundleGroups { get; init; } = [];

    public IReadOnlyList<MediaDescription> Media { get; init; } = [];

    public static bool TryParse(
        string sdp, [NotNullWhen(true)] out SessionDescription? description, [NotNullWhen(false)] out SdpError? error)
    {
        description = null;
        if (sdp.Length > MaxLength)
        {
            error = new SdpError(SdpFault.TooLong, 0, $"more than {MaxLength} characters");
            return false;
        }

        var parser = new SdpParser(sdp);
        error = parser.Parse();
        if (error is null) description = parser.Build();
        return error is null;
    }

    /// <summary>The BUNDLE group that <paramref name="section"/> is in, or null.</summary>
    public IReadOnlyList<string>? GroupOf(MediaDescription section)
        => section.Mid is { } mid ? BundleGroups.FirstOrDefault(group => group.Contains(mid)) : null;

    /// <summary>
    /// Where the ICE and DTLS parameters of <paramref name="section"/> are: in its group's first live section
    /// (the tagged one, RFC 8843 §7.2), or in itself if it is not bundled.
    /// </summary>
    public MediaDescription TransportOf(MediaDescription section)
    {
        if (GroupOf(section) is not { } group) return section;

        var live = group.Select(mid => Media.FirstOrDefault(m => m.Mid == mid)).OfType<MediaDescription>().Where(m => !m.IsRejected);
        return live.FirstOrDefault(m => m is { Port: not 0, IceUfrag: not null }) ?? section;
    }

    public override string ToString() => $"o={SessionId} {SessionVersion}, {Media.Count} sections";
}
