using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Thaw.Protocol.Sdp;
using Thaw.Voice.Http;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// One body, taken for an offer, for candidates and for a start. Refused with a 4xx that says why, or read completely:
/// nothing that was accepted throws later.
/// </summary>
internal static class OfferJsonTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        if (Read(input, VoiceJson.Default.OfferBody, body => OfferEndpoint.Read(body, session: null, nearby: true)) is { } offer)
        {
            if (string.IsNullOrWhiteSpace(offer.Sdp) || offer.PcId is "") throw new InvalidOperationException("Accepted without what it needs.");
            _ = SessionDescription.TryParse(offer.Sdp, out _, out _);
            offer.RequestData?.GetRawText();
        }

        if (Read(input, VoiceJson.Default.CandidatesBody, OfferEndpoint.Read) is { } candidates)
            foreach (var candidate in candidates) _ = SdpCandidate.TryParse(candidate.Line, out _);

        byte[] copy = input.ToArray();
        Refusable(() => StartEndpoint.Read(RequestBody.TryParseObject(copy)))?.GetRawText();
    }

    private static TResult? Read<TBody, TResult>(ReadOnlySpan<byte> input, JsonTypeInfo<TBody> type, Func<TBody, TResult> validate) where TResult : class
    {
        byte[] copy = input.ToArray();
        return Refusable(() =>
        {
            var body = RequestBody.Parse(copy, type);
            copy.AsSpan().Fill(0xFF); // the buffer goes back to its pool: what was read must not point into it
            return validate(body);
        });
    }

    private static T? Refusable<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (HttpError e)
        {
            bool isSaid = JsonElement.Parse(ErrorBodies.Utf8(e.Message)).GetProperty("detail").GetString() is { Length: > 0 };
            if (e.Status is < 400 or >= 500 || !isSaid) throw new InvalidOperationException($"Refused by {e.Status} \"{e.Message}\".", e);
            return default;
        }
    }
}
