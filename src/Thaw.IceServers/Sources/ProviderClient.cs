using System.Net;
using System.Text.Json;
using Thaw.IceServers.Reading;

namespace Thaw.IceServers.Sources;

/// <summary>Asks a provider over HTTP: one request, one bounded answer, one deadline, and errors in our own words.</summary>
/// <param name="http">Must not follow redirects: they would take secrets elsewhere.</param>
internal sealed class ProviderClient(HttpMessageInvoker http, TimeProvider time)
{
    /// <summary>A provider that is silent for longer is down; nobody has waited for it.</summary>
    public static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    private const int MaxAnswer = 64 * 1024;
    private const int MaxWords = 100;

    public static HttpMessageInvoker Http { get; } = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = LongestAnswer,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10), // it is asked once in hours
        MaxResponseHeadersLength = 16,
    });

    /// <exception cref="IceSourceException">No answer, or not one with JSON and a status of success.</exception>
    public async Task<ProviderAnswer> AskAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(LongestAnswer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        try
        {
            var askedAt = time.GetUtcNow();
            using var response = await http.SendAsync(request, either.Token).WaitAsync(either.Token);
            TimeSpan? skew = response.Headers.Date is { } date ? date - (askedAt + (time.GetUtcNow() - askedAt) / 2) : null;
            byte[] body = await ReadAsync(response.Content, either.Token);
            var status = (int)response.StatusCode;
            if (status is >= 200 and < 300) return new(Parse(body), askedAt, skew);
            throw new IceSourceException(Refusal(status, WordsIn(body)), RetryAfter(response, askedAt));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new IceSourceException($"no answer within {LongestAnswer.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            throw new IceSourceException(Unreachable(e), inner: e);
        }
        catch (IOException e)
        {
            throw new IceSourceException("the connection broke", inner: e);
        }
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        byte[] body = new byte[MaxAnswer + 1];
        int length = 0;
        await using var stream = await content.ReadAsStreamAsync(cancel);
        while (length < body.Length && await stream.ReadAsync(body.AsMemory(length), cancel).AsTask().WaitAsync(cancel) is > 0 and var read) length += read;
        return length <= MaxAnswer ? body[..length] : throw new IceSourceException($"the answer has more than {MaxAnswer / 1024} KiB");
    }

    private static JsonElement Parse(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            throw new IceSourceException("the answer is not JSON");
        }
    }

    private static string Refusal(int status, string words) => status switch
    {
        401 or 403 => $"the key is refused ({status}){words}",
        404 => $"the account, key or channel is not known there (404){words}",
        429 => "asked too often (429)",
        >= 300 and < 400 => $"it redirects elsewhere ({status}), which is not followed",
        >= 500 => $"it fails itself ({status})",
        _ => $"the request is refused ({status}){words}",
    };

    /// <summary>The provider's own words where they are plain ones: a stranger's text is not for our log.</summary>
    internal static string Plain(string? text)
        => text is { Length: > 0 and <= MaxWords } && text.All(c => char.IsAsciiLetterOrDigit(c) && c < 128 || c is ' ' or '.' or ',' or '_' or '-' or '\'')
            && !text.Split(' ').Any(word => word.Length > 24) // a key, more likely
                ? $": {text.TrimEnd('.')}" : "";

    private static string WordsIn(byte[] body)
    {
        try
        {
            var root = JsonElement.Parse(body);
            if (root.ValueKind is not JsonValueKind.Object) return "";
            foreach (string name in (string[])["error", "message", "detail", "v"])
                if (root.TryGetProperty(name, out var said) && said.ValueKind is JsonValueKind.String) return Plain(said.GetString());
            return "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response, DateTimeOffset now) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - (response.Headers.Date ?? now),
        _ => null,
    };

    private static string Unreachable(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "its name cannot be looked up",
        HttpRequestError.SecureConnectionError => "no TLS connection: the certificate is not trusted, or something stands in between",
        HttpRequestError.ConnectionError => "it cannot be reached",
        _ => "no proper HTTP answer",
    };
}

/// <param name="AskedAt">By our clock: what it grants for a time began then, at the earliest.</param>
/// <param name="Skew">How far its clock is ahead of ours.</param>
internal sealed record ProviderAnswer(JsonElement Root, DateTimeOffset AskedAt, TimeSpan? Skew)
{
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(2); // a Date header has seconds, and takes its time

    /// <param name="lifetime">As it was granted; null where the answer itself says it.</param>
    /// <param name="otherwise">Where it does not.</param>
    /// <exception cref="IceSourceException">There are no servers in it.</exception>
    public IceServerGrant ToGrant(JsonElement? within = null, TimeSpan? lifetime = null, TimeSpan? otherwise = null)
    {
        var reading = IceServerJson.Read(within ?? Root);
        if (reading.Servers is []) throw new IceSourceException("the answer has no ICE servers in it");

        DateTimeOffset? expiresAt = (lifetime ?? reading.Lifetime ?? otherwise) is { } length ? AskedAt + length : null;
        var skew = Skew is { } told && told.Duration() > Resolution ? told : TimeSpan.Zero;
        foreach (var server in reading.Servers)
        {
            // Such a time is by the relay's clock, which the provider's is likely to agree with.
            if (server.Username is not null && Checking.IceServerCheck.ExpiryOf(server.Username) is { } named && (expiresAt is null || named - skew < expiresAt))
                expiresAt = named - skew;
        }

        return new IceServerGrant(reading.Servers, expiresAt, Skew);
    }
}
