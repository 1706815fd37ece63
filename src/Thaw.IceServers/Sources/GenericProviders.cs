using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Thaw.IceServers.Sources;

/// <summary>Services that follow a convention, and those that follow none.</summary>
internal static class GenericProviders
{
    /// <summary>draft-uberti-behave-turn-rest-00 §2.1: <c>GET /?service=turn&amp;username=…&amp;key=…</c>.</summary>
    public static IIceServerSource TurnRest(IceSourceSettings settings, IceSourceSurroundings around)
    {
        string at = settings.Address("url", null, mayBePlain: true);
        string? key = settings.Text("key");
        var lifetime = settings.Lifetime();
        return Providers.Create(settings, around, async (client, request, cancel) =>
        {
            string query = $"service=turn&username={Uri.EscapeDataString(request.User)}{(key is null ? "" : $"&key={Uri.EscapeDataString(key)}")}"
                + string.Create(CultureInfo.InvariantCulture, $"&ttl={Providers.Seconds(lifetime ?? request.Lifetime)}"); // not in the draft; services that know it heed it
            using var ask = new HttpRequestMessage(HttpMethod.Get, $"{at}{(at.Contains('?') ? '&' : '?')}{query}");
            return (await client.AskAsync(ask, cancel)).ToGrant(otherwise: lifetime);
        });
    }

    /// <summary>Any service: method, headers, a body and the place of the servers in the answer.</summary>
    public static IIceServerSource Http(IceSourceSettings settings, IceSourceSurroundings around)
    {
        string at = settings.Address("url", null, mayBePlain: true), type = settings.Text("content-type") ?? "application/json";
        string? body = settings.Text("body"), token = settings.Text("token"), user = settings.Text("username");
        string? password = user is null ? null : settings.Need("password", "the password that belongs to the username");
        var method = MethodOf(settings, body is null ? "GET" : "POST");
        string[] path = settings.Text("path")?.TrimStart('$', '.').Split('.', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var headers = settings.WithPrefix("header-").ToArray();
        var lifetime = settings.Lifetime();
        if (!MediaTypeHeaderValue.TryParse(type, out var media)) throw settings.Wrong("content-type", "takes a media type such as application/json");

        return Providers.Create(settings, around, async (client, request, cancel) =>
        {
            string Value(string name) => name switch
            {
                "ttl" => Providers.Seconds(lifetime ?? request.Lifetime).ToString(CultureInfo.InvariantCulture),
                "user" => request.User,
                _ => request.Audience is IceAudience.Browser ? "browser" : "backend",
            };

            using var ask = new HttpRequestMessage(method, IceSourceSettings.Fill(at, Value));
            if (body is not null) ask.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(IceSourceSettings.Fill(body, Value))) { Headers = { ContentType = media } };
            if (token is not null) Providers.Authorize(ask, "Bearer", token);
            if (user is not null) Providers.AuthorizeBasic(ask, user, password!);
            foreach (var (name, value) in headers) ask.Headers.TryAddWithoutValidation(name, value);
            var answer = await client.AskAsync(ask, cancel);
            return answer.ToGrant(Follow(answer.Root, path), LifetimeOf(answer.Root, path), otherwise: lifetime);
        });
    }

    /// <summary>Names and indexes between dots.</summary>
    /// <exception cref="IceSourceException">There is nothing at that place.</exception>
    internal static JsonElement Follow(JsonElement root, string[] path)
    {
        foreach (string step in path)
        {
            bool isThere = root.ValueKind switch
            {
                JsonValueKind.Object => root.TryGetProperty(step, out root),
                JsonValueKind.Array when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < root.GetArrayLength() => (root = root[index]).ValueKind is not JsonValueKind.Undefined,
                _ => false,
            };
            if (!isThere) throw new IceSourceException("the answer has nothing at the configured path");
        }

        return root;
    }

    // It stands beside what the path leads to, as often as in it.
    private static TimeSpan? LifetimeOf(JsonElement root, string[] path)
        => path.Length == 0 ? null : Reading.IceServerJson.Read(root).Lifetime ?? Reading.IceServerJson.Read(Follow(root, path)).Lifetime;

    private static HttpMethod MethodOf(IceSourceSettings settings, string otherwise)
    {
        string name = (settings.Text("method") ?? otherwise).ToUpperInvariant();
        return name is "GET" or "POST" or "PUT" ? new HttpMethod(name) : throw settings.Wrong("method", "takes GET, POST or PUT");
    }
}
