using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Thaw.IceServers;
using Thaw.IceServers.Sources;
using Thaw.Tests.Voice;
using Xunit;

namespace Thaw.Tests.IceServers;

/// <summary>A provider by script: what it was asked, and what it answers.</summary>
internal sealed class FakeProvider
{
    private readonly ConcurrentQueue<Func<CancellationToken, Task<HttpResponseMessage>>> _answers = new();
    private Func<CancellationToken, Task<HttpResponseMessage>>? _last;

    public FakeProvider() => Time.SetUtcNow(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000)); // so late that a name can tell it

    public SteppedTime Time { get; } = new();

    public ConcurrentQueue<Asked> Requests { get; } = new();

    public Dictionary<string, string> Variables { get; } = [];

    public Dictionary<string, string> Files { get; } = [];

    public IceSourceSurroundings Surroundings => new()
    {
        Variable = Variables.GetValueOrDefault,
        File = path => Files.TryGetValue(path, out string? content) ? content : throw new FileNotFoundException(path),
        Http = new HttpMessageInvoker(new Handler(this)),
        Time = Time,
    };

    public Asked Request => Requests.Single();

    /// <summary>The next answer; the last of them is repeated.</summary>
    public FakeProvider Answers(string body, int status = 200, string? retryAfter = null, TimeSpan? skew = null) => Answers(_ =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        response.Headers.Date = Time.GetUtcNow() + (skew ?? TimeSpan.Zero);
        if (retryAfter is not null) response.Headers.Add("Retry-After", retryAfter);
        return Task.FromResult(response);
    });

    public FakeProvider Answers(Func<CancellationToken, Task<HttpResponseMessage>> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    public IIceServerSource Source(string text)
    {
        Assert.True(TryCreate(text, out var source, out string error), error);
        return source!;
    }

    public bool TryCreate(string text, out IIceServerSource? source, out string error)
    {
        source = null;
        return IceSourceSpec.TryParse(text, out var spec, out error) && IceSources.TryCreate(spec, Surroundings, out source, out error);
    }

    public ValueTask<IceServerGrant> MintAsync(string text, int lifetime = 3600, IceAudience audience = IceAudience.Browser)
        => Source(text).MintAsync(new(audience, audience is IceAudience.Browser ? "browser" : "backend", TimeSpan.FromSeconds(lifetime)), TestContext.Current.CancellationToken);

    public async Task<IceSourceException> FailsAsync(string text) => await Assert.ThrowsAsync<IceSourceException>(async () => await MintAsync(text));

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancel);
        Requests.Enqueue(new(request.Method.Method, request.RequestUri!.AbsoluteUri, Join(request.Headers.NonValidated), body, request.Content?.Headers.ContentType?.MediaType));
        if (_answers.TryDequeue(out var next)) _last = next;
        return await _last!(cancel);
    }

    private static Dictionary<string, string> Join(System.Net.Http.Headers.HttpHeadersNonValidated headers)
        => headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    private sealed class Handler(FakeProvider provider) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => provider.AnswerAsync(request, cancellationToken);
    }

    internal sealed record Asked(string Method, string Url, IReadOnlyDictionary<string, string> Headers, string Body, string? Type)
    {
        public string Basic => Encoding.UTF8.GetString(Convert.FromBase64String(Headers["Authorization"]["Basic ".Length..]));
    }

    public static string Cloudflare(string host = "turn.cloudflare.com") => string.Create(CultureInfo.InvariantCulture, $$$"""
        {"iceServers":[{"urls":["stun:stun.cloudflare.com:3478","stun:stun.cloudflare.com:53"]},
        {"urls":["turn:{{{host}}}:3478?transport=udp","turn:{{{host}}}:53?transport=udp","turn:{{{host}}}:3478?transport=tcp","turn:{{{host}}}:80?transport=tcp",
        "turns:{{{host}}}:5349?transport=tcp","turns:{{{host}}}:443?transport=tcp"],"username":"name","credential":"pass"}]}
        """);
}
