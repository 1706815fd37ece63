using System.Net;
using System.Text.Json;

namespace Thaw.Voice.Calls;

/// <param name="PcId">Of the last answer that the client saw, null on its first offer.</param>
/// <param name="Restart">The client has a new peer connection in place of that one.</param>
/// <param name="Nearby">The request came from this machine.</param>
/// <param name="Caller">Where the request came from, only to be compared: any text, and as true as its sender wants it.</param>
internal sealed record Offer(
    string Sdp, string? PcId, bool Restart, JsonElement? RequestData, string? SessionId, bool Nearby, string? Caller = null)
{
    /// <summary>
    /// Whom the network saw: the peer's public address, more often than not. A client without a STUN server of its own does
    /// not know it, and our relays let in only whom we name. As forgeable as <see cref="Caller"/>: it opens no more than that.
    /// </summary>
    public IPAddress? From { get; init; }

    /// <summary>The browser's username fragment, which its candidates carry. Null where the SDP has none.</summary>
    public string? Ufrag { get; } = SdpLine(Sdp, "a=ice-ufrag:");

    // The first section's: with BUNDLE all sections have the same. Reading SDP proper is the peer connection's business.
    private static string? SdpLine(string sdp, string prefix)
    {
        foreach (var line in sdp.AsSpan().EnumerateLines())
            if (line.StartsWith(prefix, StringComparison.Ordinal))
                return line[prefix.Length..].Trim().ToString();
        return null;
    }
}

internal abstract record OfferResult
{
    private OfferResult() { }

    public sealed record Answered(string Sdp, string PcId) : OfferResult;

    /// <summary>Final: the client shows the detail and does not try again.</summary>
    public sealed record Refused(int Status, string Detail) : OfferResult;

    /// <summary>The client tries again in 2 s.</summary>
    public sealed record Busy(string Detail) : OfferResult;

    /// <summary>The call ended while the offer waited for it: the host starts another.</summary>
    internal sealed record CallOver : OfferResult;
}

/// <summary>One trickled line and the username fragment in it.</summary>
internal readonly record struct TrickledCandidate(string Line, string? Ufrag)
{
    public static TrickledCandidate Of(string line)
    {
        bool next = false;
        foreach (var range in line.AsSpan().Split(' ')) // RFC 8839 §5.1: extension pairs, "ufrag" among them
        {
            var word = line.AsSpan(range);
            if (next) return new(line, word.ToString());
            next = word is "ufrag";
        }

        return new(line, null);
    }
}
