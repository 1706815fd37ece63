using System.Text;
using Thaw.Protocol.Sdp;

namespace Thaw.Fuzz.Targets;

/// <summary>What parses, and is of a kind we write, reads back the same.</summary>
internal static class CandidateTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (!SdpCandidate.TryParse(Encoding.UTF8.GetString(input), out var candidate)) return;
        if (candidate is { Type: SdpCandidateType.Other } or { Transport: SdpCandidateTransport.Other }) return;

        string text = candidate.Write();
        if (!SdpCandidate.TryParse(text, out var again) || again != candidate)
            throw new InvalidOperationException($"Written as {text}, which does not read back the same.");
    }
}
