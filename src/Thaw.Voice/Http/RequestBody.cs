using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Thaw.Voice.Http;

/// <summary>How long to wait, by whose clock.</summary>
internal readonly record struct Patience(TimeSpan Length, TimeProvider Time);

internal static class RequestBody
{
    /// <summary>Reads a JSON body of at most <paramref name="limit"/> bytes, or says what is wrong with it.</summary>
    public static async Task<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, int limit, Patience patience)
    {
        if (!request.HasJsonContentType()) throw new HttpError(StatusCodes.Status415UnsupportedMediaType, "Content-Type must be application/json.");

        using var body = await BytesAsync(request, limit, patience);
        return Parse(body.Span, type);
    }

    /// <summary>A JSON object if there is one; the stock client sends an empty body as JSON.</summary>
    public static async Task<JsonElement?> TryReadObjectAsync(HttpRequest request, int limit, Patience patience)
    {
        using var body = await BytesAsync(request, limit, patience);
        return TryParseObject(body.Span);
    }

    internal static T Parse<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type)
    {
        // A JsonElement in it would be checked only when an agent reads it, and throw there.
        if (!Utf8.IsValid(body)) throw new HttpError(StatusCodes.Status400BadRequest, "The body is not UTF-8.");
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new HttpError(StatusCodes.Status400BadRequest, "The body is null.");
        }
        catch (JsonException e)
        {
            throw new HttpError(StatusCodes.Status400BadRequest, $"The body is not the JSON expected here (at {e.Path ?? "$"}).");
        }
    }

    internal static JsonElement? TryParseObject(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body)) return null;
        try
        {
            var reader = new Utf8JsonReader(body);
            return JsonElement.TryParseValue(ref reader, out var value) && value is { ValueKind: JsonValueKind.Object } ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Kestrel's own limit is a rate, 240 bytes a second: a body at that rate would take a quarter of an hour.
    private static async Task<Rented> BytesAsync(HttpRequest request, int limit, Patience patience)
    {
        using var deadline = new CancellationTokenSource(patience.Length, patience.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, request.HttpContext.RequestAborted);
        try
        {
            return await BytesAsync(request, limit, either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new HttpError(StatusCodes.Status503ServiceUnavailable, "The body took too long to arrive.");
        }
    }

    private static async Task<Rented> BytesAsync(HttpRequest request, int limit, CancellationToken cancel)
    {
        if (request.ContentLength > limit) throw TooLarge(limit);

        byte[] buffer = ArrayPool<byte>.Shared.Rent(Math.Min(limit, (int)(request.ContentLength ?? 16 * 1024)) + 1);
        int length = 0;
        while (await request.Body.ReadAsync(buffer.AsMemory(length), cancel) is > 0 and var read)
        {
            length += read;
            if (length > limit) throw TooLarge(limit);
            if (length < buffer.Length) continue;

            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(limit, buffer.Length * 2) + 1);
            buffer.CopyTo(larger, 0);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        return new Rented(buffer, length);
    }

    private static HttpError TooLarge(int limit) => new(StatusCodes.Status413PayloadTooLarge, $"The body has more than {limit} bytes.");

    private readonly struct Rented(byte[] buffer, int length) : IDisposable
    {
        public ReadOnlySpan<byte> Span => buffer.AsSpan(0, length);

        public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);
    }
}
