using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Thaw.IceServers.Sources;

/// <summary>Services with a dialect of their own. Each takes <c>url</c> for another address, and <c>lifetime</c> in seconds.</summary>
internal static class Providers
{
    private static readonly TimeSpan CloudflareMost = TimeSpan.FromHours(48), TwilioMost = TimeSpan.FromHours(24);

    /// <summary>With the app's secret key credentials that expire; with an API key those of its own, which last.</summary>
    public static IIceServerSource Metered(IceSourceSettings settings, IceSourceSurroundings around)
    {
        string? app = settings.Text("app")?.Replace("https://", "", StringComparison.OrdinalIgnoreCase).Split('/')[0];
        if (app is not null && !app.Contains('.')) app += ".metered.live";
        string? secret = settings.Text("secret-key"), key = settings.Text("api-key"), region = settings.Text("region");
        string at = settings.Address("url", app is null ? null : $"https://{app}");
        var lifetime = settings.Lifetime();
        if (secret is null && key is null) throw new IceSourceSettingException("metered wants an API key (api-key, THAW_METERED_API_KEY), or the secret key for credentials that expire (secret-key, THAW_METERED_SECRET_KEY)");

        return Create(settings, around, async (client, request, cancel) =>
        {
            TimeSpan? granted = null;
            string? apiKey = key;
            if (secret is not null)
            {
                var wanted = lifetime ?? request.Lifetime;
                using var create = new HttpRequestMessage(HttpMethod.Post, $"{at}/api/v1/turn/credential?secretKey={Uri.EscapeDataString(secret)}")
                {
                    Content = Json(json => { json.WriteNumber("expiryInSeconds", Seconds(wanted)); json.WriteString("label", request.User); }),
                };
                var created = (await client.AskAsync(create, cancel)).Root;
                apiKey = TextOf(created, "apiKey") ?? throw new IceSourceException("the answer has no apiKey in it");
                granted = created.TryGetProperty("expiryInSeconds", out var told) && told.ValueKind is JsonValueKind.Number && told.TryGetInt32(out int seconds) && seconds > 0
                    ? TimeSpan.FromSeconds(Math.Min(seconds, Seconds(wanted))) : wanted;
            }

            string where = region is null ? "" : $"&region={Uri.EscapeDataString(region)}";
            using var get = new HttpRequestMessage(HttpMethod.Get, $"{at}/api/v1/turn/credentials?apiKey={Uri.EscapeDataString(apiKey!)}{where}");
            return (await client.AskAsync(get, cancel)).ToGrant(lifetime: granted);
        });
    }

    public static IIceServerSource Cloudflare(IceSourceSettings settings, IceSourceSurroundings around)
    {
        string id = settings.Need("key-id", "the id of a TURN key"), token = settings.Need("api-token", "the TURN key's API token");
        string at = settings.Address("url", "https://rtc.live.cloudflare.com");
        var lifetime = settings.Lifetime();
        return Create(settings, around, async (client, request, cancel) =>
        {
            var ttl = Least(lifetime ?? request.Lifetime, CloudflareMost);
            using var ask = new HttpRequestMessage(HttpMethod.Post, $"{at}/v1/turn/keys/{Uri.EscapeDataString(id)}/credentials/generate-ice-servers")
            {
                Content = Json(json => json.WriteNumber("ttl", Seconds(ttl))),
            };
            Authorize(ask, "Bearer", token);
            return (await client.AskAsync(ask, cancel)).ToGrant(lifetime: ttl); // the answer does not repeat it
        });
    }

    public static IIceServerSource Twilio(IceSourceSettings settings, IceSourceSurroundings around)
    {
        string account = settings.Need("account-sid", "the account's SID");
        string user = settings.Text("api-key-sid") ?? account;
        string password = user == account ? settings.Need("auth-token", "the account's auth token") : settings.Need("api-key-secret", "the API key's secret");
        string at = settings.Address("url", "https://api.twilio.com");
        var lifetime = settings.Lifetime();
        return Create(settings, around, async (client, request, cancel) =>
        {
            var ttl = Least(lifetime ?? request.Lifetime, TwilioMost);
            using var ask = new HttpRequestMessage(HttpMethod.Post, $"{at}/2010-04-01/Accounts/{Uri.EscapeDataString(account)}/Tokens.json")
            {
                Content = new StringContent(string.Create(CultureInfo.InvariantCulture, $"Ttl={Seconds(ttl)}"), Encoding.ASCII, new MediaTypeHeaderValue("application/x-www-form-urlencoded")),
            };
            AuthorizeBasic(ask, user, password);
            var answer = await client.AskAsync(ask, cancel);
            return Bounded(answer.ToGrant(), answer.AskedAt + ttl);
        });
    }

    public static IIceServerSource Xirsys(IceSourceSettings settings, IceSourceSurroundings around)
    {
        string channel = settings.Need("channel", "the channel"), ident = settings.Need("ident", "the account's name"), secret = settings.Need("secret", "the account's secret");
        string at = settings.Address("url", "https://global.xirsys.net");
        var lifetime = settings.Lifetime();
        return Create(settings, around, async (client, request, cancel) =>
        {
            var ttl = lifetime ?? request.Lifetime;
            string path = string.Join('/', channel.Split('/').Select(Uri.EscapeDataString));
            using var ask = new HttpRequestMessage(HttpMethod.Put, $"{at}/_turn/{path}")
            {
                Content = Json(json => { json.WriteString("format", "urls"); json.WriteNumber("expire", Seconds(ttl)); }),
            };
            AuthorizeBasic(ask, ident, secret);
            var answer = await client.AskAsync(ask, cancel);
            if (TextOf(answer.Root, "s") is not "ok") // whatever the status was
                throw new IceSourceException($"the request is refused{ProviderClient.Plain(TextOf(answer.Root, "v"))}");
            return answer.ToGrant(lifetime: ttl);
        });
    }

    internal static ProviderSource Create(
        IceSourceSettings settings, IceSourceSurroundings around, Func<ProviderClient, IceServerRequest, CancellationToken, Task<IceServerGrant>> ask)
        => new(settings.Name, ask, new ProviderClient(around.Http, around.Time));

    internal static void AuthorizeBasic(HttpRequestMessage request, string user, string password)
        => Authorize(request, "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    // Added as it is: a key with a line break in it is refused here, not sent.
    internal static void Authorize(HttpRequestMessage request, string scheme, string value)
    {
        if (!request.Headers.TryAddWithoutValidation("Authorization", $"{scheme} {value}") || value.AsSpan().ContainsAny('\r', '\n'))
            throw new IceSourceException("the key cannot be sent: it has a line break in it");
    }

    internal static int Seconds(TimeSpan time) => (int)time.TotalSeconds;

    internal static IceServerGrant Bounded(IceServerGrant grant, DateTimeOffset latest)
        => grant.ExpiresAt is { } told && told < latest ? grant : grant with { ExpiresAt = latest };

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static string? TextOf(JsonElement value, string name)
        => value.ValueKind is JsonValueKind.Object && value.TryGetProperty(name, out var found) && found.ValueKind is JsonValueKind.String ? found.GetString() : null;

    private static ByteArrayContent Json(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return new ByteArrayContent(buffer.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }
}
