using System.Text;
using Thaw.Protocol.Sdp;

namespace Thaw.Fuzz.Targets;

/// <summary>What parses and can be answered is answered, and the answer parses and mirrors it.</summary>
internal static class SdpTarget
{
    private static readonly string[] Codecs = ["opus", "PCMU", "PCMA"];

    private static readonly AnswerParameters Ours = new()
    {
        Origin = new(1, 1),
        Transport = new(
            "ufrag", "password0123456789abcdef",
            "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
            [new() { Foundation = "1", Priority = 1, HostName = "a.local", Port = 9, Type = SdpCandidateType.Host }]),
        Track = new(1, "c", "s", "t"),
        AudioCodecs = Codecs,
    };

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (!SessionDescription.TryParse(Encoding.UTF8.GetString(input), out var offer, out _)) return;
        if (AnswerPlan.For(offer, Codecs).Transport is null) return;

        string text = SdpAnswer.Write(offer, Ours);
        if (!SessionDescription.TryParse(text, out var answer, out var error)) throw new InvalidOperationException($"Our answer: {error}");
        if (!answer.Media.Select(m => (m.Mid, m.KindName)).SequenceEqual(offer.Media.Select(m => (m.Mid, m.KindName))))
            throw new InvalidOperationException("Our answer does not mirror the offer.");
    }
}
