namespace Thaw.Protocol.Sdp;

/// <summary>The one audio section and codec of a description that we take.</summary>
/// <param name="Section">Its index among the m-lines.</param>
/// <param name="Codec">As the preference spells it.</param>
/// <param name="Fmtp">The other side's parameters: what it can receive.</param>
public sealed record AudioSelection(int Section, byte PayloadType, string Codec, int ClockRate, int Channels, string? Fmtp)
{
    /// <summary>
    /// The first live audio section with a codec of <paramref name="preferences"/>, and of its codecs the most preferred.
    /// Null if there is none.
    /// </summary>
    public static AudioSelection? Choose(SessionDescription description, IReadOnlyList<string> preferences)
        => description.Media.Where(IsUsable).Select(section => Choose(section, preferences)).FirstOrDefault(choice => choice is not null);

    // Without rtcp-mux there would be a second ICE component; we have none (RFC 8829 §4.1.1, policy "require").
    private static bool IsUsable(MediaDescription section)
        => section is { Kind: MediaKind.Audio, IsRejected: false, IsRtp: true, HasRtcpMux: true };

    private static AudioSelection? Choose(MediaDescription section, IReadOnlyList<string> preferences)
    {
        foreach (string codec in preferences)
            foreach (var offered in section.Payloads)
                if (Speaks(offered, codec))
                    return new AudioSelection(section.Index, offered.PayloadType, codec, offered.ClockRate, offered.Channels, offered.Fmtp);
        return null;
    }

    private static bool Speaks(PayloadFormat offered, string codec)
        => offered.Encoding.Equals(codec, StringComparison.OrdinalIgnoreCase)
            && (offered.ClockRate, offered.Channels) == (codec.Equals("opus", StringComparison.OrdinalIgnoreCase)
                ? (48_000, 2)  // RFC 7587 §7: always, whatever is sent
                : (8_000, 1)); // RFC 3551 §4.5.14 and, for G722's historical error, §4.5.2
}
