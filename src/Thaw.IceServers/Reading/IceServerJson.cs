using System.Globalization;
using System.Text.Json;
using Thaw.IceServers.Checking;
using Thaw.Net.Gathering;

namespace Thaw.IceServers.Reading;

/// <summary>Finds the servers in a JSON value, in whatever it is wrapped.</summary>
public static class IceServerJson
{
    private const int MaxDepth = 4, MaxEntries = 64, MaxUrls = 64;
    private const string Form = """{"urls": "turn:…", "username": "…", "credential": "…"}""";

    // RTCConfiguration; Twilio; AWS; Pipecat's /start; Xirsys; others.
    private static readonly string[] Wrappers = ["iceServers", "ice_servers", "IceServerList", "iceConfig", "v", "d", "data", "servers"];

    public static IceServerReading Read(JsonElement root)
    {
        var state = new State();
        try
        {
            Walk(root, "$", 0, state);
        }
        catch (InvalidOperationException) // half a surrogate pair, or what is not UTF-8: JSON that no text can be made of
        {
            state.Error("not-text", "there is text in it that is none", "$");
        }

        return new(state.Servers, state.Findings, state.Lifetime);
    }

    private static void Walk(JsonElement value, string path, int depth, State state)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array: Entries(value, path, depth, state); break;
            case JsonValueKind.String: state.Servers.AddRange(IceServerText.Read(value.GetString()!) is { Findings: [] } read ? read.Servers : []); break;
            case JsonValueKind.Object: Object(value, path, depth, state); break;
            default: state.Error("entry", "an entry is neither a URL nor an object", path); break;
        }
    }

    private static void Entries(JsonElement list, string path, int depth, State state)
    {
        int index = 0;
        foreach (var entry in list.EnumerateArray())
        {
            string here = $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]";
            if (index++ >= MaxEntries) { state.Error("too-many", $"more than {MaxEntries} entries", path); return; }
            if (entry.ValueKind is JsonValueKind.String) state.Servers.Add(new([entry.GetString()!]));
            else if (entry.ValueKind is JsonValueKind.Object && depth <= MaxDepth) Object(entry, here, depth + 1, state);
            else state.Error("entry", "an entry is neither a URL nor an object", here);
        }
    }

    private static void Object(JsonElement value, string path, int depth, State state)
    {
        var entry = new Entry();
        JsonElement? inner = null;
        string innerName = "";
        foreach (var member in value.EnumerateObject())
        {
            if (entry.Take(member, path, state)) continue;
            if (member.Name is "ttl" or "Ttl" or "expiryInSeconds" or "lifetime_duration") state.TakeLifetime(member.Value);
            else if (Array.IndexOf(Wrappers, member.Name) is >= 0 && member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && inner is null)
                (inner, innerName) = (member.Value, member.Name);
        }

        if (entry.Urls is { Count: > 0 } urls)
        {
            state.Servers.Add(new IceServer(urls, entry.Username, entry.Credential));
            entry.TellOddities(path, state);
            return;
        }

        if (inner is { } wrapped && depth < MaxDepth)
        {
            int before = state.Servers.Count;
            Walk(wrapped, $"{path}.{innerName}", depth + 1, state);
            if (entry.HasCredential && state.Servers.Skip(before).Any(NeedsCredential))
                state.Error("credential-level", $"username and credential stand one level too high, beside {innerName}: they belong beside urls", path, Form);
        }
        else if (entry.HasCredential && entry.Urls is null)
        {
            bool isApart = state.Servers.Any(NeedsCredential);
            state.Error(isApart ? "credential-apart" : "urls-missing",
                isApart ? "username and credential are an entry of their own: they belong into the entry that has the urls" : "an entry has no \"urls\", a URL or a list of URLs", path, Form);
        }
        else
        {
            state.Error("urls-missing", "an entry has no \"urls\", a URL or a list of URLs", path, Form);
        }
    }

    private static bool NeedsCredential(IceServer server)
        => server.Username is null && server.Credential is null && server.Urls.Any(url => url.StartsWith("turn", StringComparison.OrdinalIgnoreCase));

    private static List<string>? UrlsOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.GetArrayLength() <= MaxUrls && value.EnumerateArray().All(url => url.ValueKind is JsonValueKind.String)
            => [.. value.EnumerateArray().Select(url => url.GetString()!)],
        _ => null,
    };

    private sealed class Entry
    {
        private readonly List<(string Code, string Text)> _odd = [];

        public List<string>? Urls { get; private set; }

        public string? Username { get; private set; }

        public string? Credential { get; private set; }

        public bool HasCredential => Username is not null || Credential is not null;

        public void TellOddities(string path, State state)
        {
            foreach (var (code, text) in _odd) state.Warn(code, text, path);
        }

        /// <summary>What other names are for the same: url (browsers until 2015, Xirsys), uris and password (TURN REST), Uris … (AWS).</summary>
        public bool Take(JsonProperty member, string path, State state)
        {
            switch (member.Name)
            {
                case "urls" or "url" or "uris" or "uri" or "Uris" or "URLs" or "server_urls":
                    Urls = UrlsOf(member.Value) is { Count: > 0 } urls && (member.Name == "urls" || Urls is null) ? urls : Urls;
                    if (member.Name is "uris" or "uri") _odd.Add(("uris", "\"uris\" is read as \"urls\"; browsers know only that"));
                    return true;
                case "username" or "user" or "userName" or "Username":
                    Username = TextOf(member.Value) ?? Username;
                    if (member.Name is "user" or "userName") _odd.Add(("user", $"\"{member.Name}\" is read as \"username\"; browsers know only that"));
                    return true;
                case "credential" or "password" or "Password" or "pass":
                    Credential = member.Name == "credential" ? TextOf(member.Value) ?? Credential : Credential ?? TextOf(member.Value);
                    if (member.Name is "password" or "pass") _odd.Add(("password", $"\"{member.Name}\" is read as \"credential\"; browsers know only that"));
                    return true;
                case "credentialType" when member.Value.ValueKind is not JsonValueKind.String || member.Value.GetString() is not ("password" or ""):
                    state.Error("credential-type", "credentials other than passwords are not supported by browsers any more", path);
                    return true;
                default: return false;
            }
        }

        private static string? TextOf(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(), // 1700000000, unquoted
            _ => null,
        };
    }

    private sealed class State
    {
        public List<IceServer> Servers { get; } = [];

        public List<IceFinding> Findings { get; } = [];

        public TimeSpan? Lifetime { get; private set; }

        // A number, or as Twilio writes it a number in quotes. The shortest counts.
        public void TakeLifetime(JsonElement value)
        {
            bool isNumber = value.ValueKind is JsonValueKind.Number ? value.TryGetInt64(out long seconds)
                : long.TryParse(value.ValueKind is JsonValueKind.String ? value.GetString() : "", NumberStyles.None, CultureInfo.InvariantCulture, out seconds);
            if (!isNumber || seconds is <= 0 or > int.MaxValue) return;
            var told = TimeSpan.FromSeconds(seconds);
            if (Lifetime is null || told < Lifetime) Lifetime = told;
        }

        public void Error(string code, string text, string path, string? instead = null) => Findings.Add(new(code, IceSeverity.Error, text, Subject(path), -1, instead));

        public void Warn(string code, string text, string path) => Findings.Add(new(code, IceSeverity.Warning, text, Subject(path)));

        private static string Subject(string path) => path == "$" ? "" : path;
    }
}
