using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Net.Gathering;

/// <summary>STUN and TURN servers with one credential, in the form of WebRTC's RTCIceServer.</summary>
/// <param name="Credential">A secret: it is in no text that this type makes.</param>
public sealed record IceServer(IReadOnlyList<string> Urls, string? Username = null, string? Credential = null)
{
    public override string ToString() => $"{string.Join(", ", Urls)}{(Username is null ? "" : " with a credential")}";

    /// <summary>
    /// Reads what a flag or a variable holds: URLs between commas or spaces, or JSON, an object
    /// <c>{"urls": …, "username": …, "credential": …}</c>, an array of such, or of URLs.
    /// </summary>
    /// <param name="error">Names the offending part; never a secret.</param>
    public static bool TryParseList(string text, out IReadOnlyList<IceServer> servers, out string error)
    {
        var read = new List<IceServer>();
        (servers, error) = (read, "");
        text = text.Trim();
        if (text is not ['{' or '[', ..])
        {
            foreach (string url in text.Split([',', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries)) read.Add(new([url]));
        }
        else if (!TryReadJson(text, read, out error))
        {
            return false;
        }

        foreach (var server in read)
            if (!server.TryConfigure(out _, out error)) return false;
        return true;
    }

    /// <summary>One entry for each URL, or why they cannot be used.</summary>
    internal bool TryConfigure([NotNullWhen(true)] out IReadOnlyList<ConfiguredServer>? servers, out string error)
    {
        var configured = new List<ConfiguredServer>();
        (servers, error) = (null, "");
        foreach (string text in Urls)
        {
            if (!IceServerUrl.TryParse(text, out var url, out error)) return false;
            if (url.Kind is GatheringKind.Turn && (string.IsNullOrEmpty(Username) || string.IsNullOrEmpty(Credential)))
            {
                error = $"\"{text}\": a TURN server wants a username and a credential, {(string.IsNullOrEmpty(Username) ? "the username" : "the credential")} is missing; "
                    + """write {"urls": "turn:…", "username": "…", "credential": "…"}""";
                return false;
            }

            configured.Add(new(text, url, url.Kind is GatheringKind.Turn ? new TurnCredential(Username!, Credential!) : null));
        }

        servers = configured;
        return true;
    }

    private static bool TryReadJson(string text, List<IceServer> read, out string error)
    {
        error = "";
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            IEnumerable<JsonElement> entries = root.ValueKind is JsonValueKind.Array ? root.EnumerateArray() : [root];
            foreach (var entry in entries)
            {
                if (entry.ValueKind is JsonValueKind.String) read.Add(new([entry.GetString()!]));
                else if (TryReadEntry(entry, out var server, out error)) read.Add(server);
                else return false;
            }

            return true;
        }
        catch (JsonException e)
        {
            error = $"not JSON at line {e.LineNumber + 1}, position {e.BytePositionInLine + 1}"; // the message itself may quote a secret
            return false;
        }
    }

    private static bool TryReadEntry(JsonElement entry, [NotNullWhen(true)] out IceServer? server, out string error)
    {
        (server, error) = (null, "an entry is neither a URL nor an object");
        if (entry.ValueKind is not JsonValueKind.Object) return false;

        error = "an entry has no \"urls\", a URL or a list of URLs";
        string? username = null, credential = null;
        List<string>? urls = null;
        foreach (var member in entry.EnumerateObject())
        {
            switch (member.Name)
            {
                case "urls" or "url": urls = UrlsOf(member.Value); break;
                case "username": username = TextOf(member.Value); break;
                case "credential": credential = TextOf(member.Value); break;
            }
        }

        if (urls is not { Count: > 0 }) return false;
        server = new IceServer(urls, username, credential);
        return true;
    }

    private static List<string>? UrlsOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(url => url.ValueKind is JsonValueKind.String) => [.. value.EnumerateArray().Select(url => url.GetString()!)],
        _ => null,
    };

    private static string? TextOf(JsonElement value) => value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}

/// <param name="Name">The URL as configured.</param>
internal sealed record ConfiguredServer(string Name, IceServerUrl Url, TurnCredential? Credential);
