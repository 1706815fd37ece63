namespace Thaw.Voice.Audio;

/// <summary>Which codecs this process speaks, and the makers of their two halves.</summary>
public sealed class AudioCodecs
{
    private readonly OpusLibrary? _opus;

    private AudioCodecs(OpusLibrary? opus, IReadOnlyList<string> names, string description)
        => (_opus, Names, Description) = (opus, names, description);

    /// <summary>In order of preference, as SDP spells them.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>One line for people, said at start.</summary>
    public string Description { get; }

    public static AudioCodecs Available()
        => OpusLibrary.TryFind(out var opus, out string text)
            ? new(opus, ["opus", "PCMU", "PCMA"], $"Opus ({text}), G.711")
            : WithoutOpus(text);

    /// <summary>G.711 alone, which needs no library.</summary>
    public static AudioCodecs WithoutOpus(string reason) => new(null, ["PCMU", "PCMA"], $"G.711 only; no Opus: {reason}");

    /// <param name="codec">One of <see cref="Names"/>.</param>
    /// <param name="sampleRate">What the agent wants: 8, 16, 24 or 48 kHz.</param>
    public AudioDecoder CreateDecoder(string codec, int sampleRate) => codec switch
    {
        "opus" when _opus is not null => new OpusDecoder(_opus, sampleRate),
        "PCMU" => new G711Decoder(G711Law.MuLaw, sampleRate),
        "PCMA" => new G711Decoder(G711Law.ALaw, sampleRate),
        _ => throw new ArgumentException($"{codec} is not available.", nameof(codec)),
    };

    /// <inheritdoc cref="CreateDecoder"/>
    public AudioEncoder CreateEncoder(string codec, int sampleRate) => codec switch
    {
        "opus" when _opus is not null => new OpusEncoder(_opus, sampleRate),
        "PCMU" => new G711Encoder(G711Law.MuLaw, sampleRate),
        "PCMA" => new G711Encoder(G711Law.ALaw, sampleRate),
        _ => throw new ArgumentException($"{codec} is not available.", nameof(codec)),
    };
}
