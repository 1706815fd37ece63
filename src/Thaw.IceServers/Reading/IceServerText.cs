using System.Text.Json;
using Thaw.IceServers.Checking;
using Thaw.Net.Gathering;

namespace Thaw.IceServers.Reading;

/// <summary>
/// Reads what a flag, a variable or a file holds: URLs between commas or spaces, or JSON in any spelling that browsers, Pipecat,
/// aiortc, coturn's guides and providers use.
/// </summary>
public static class IceServerText
{
    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 16 };

    public static IceServerReading Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = text.Trim();
        if (text is not ['{' or '[', ..] || text.StartsWith('[') && text.Contains("]:", StringComparison.Ordinal) && !text.Contains('"'))
            return new([.. text.Split([',', ' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(url => new IceServer([url]))], []);
        try
        {
            using var document = JsonDocument.Parse(text, Lenient);
            return IceServerJson.Read(document.RootElement);
        }
        catch (JsonException e)
        {
            string place = $"not JSON at line {e.LineNumber + 1}, position {e.BytePositionInLine + 1}"; // the message itself may quote a secret
            string why = text.Contains('\'') && !text.Contains('"') ? ": JSON wants double quotes" : "";
            return new([], [new("not-json", IceSeverity.Error, place + why)]);
        }
    }

    /// <summary>
    /// Reads and checks; true where there is no error. For flags: the first error is the message. An expired credential is none:
    /// a server that has run with it for long must be able to start again.
    /// </summary>
    public static bool TryRead(string text, DateTimeOffset now, out IReadOnlyList<IceServer> servers, out string error)
    {
        var reading = Read(text);
        servers = reading.Servers;
        error = (reading.FirstError ?? IceServerCheck.Of(servers, now).FirstOrDefault(f => f is { IsError: true, Code: not "credential-expired" }))?.Brief ?? "";
        return error.Length == 0;
    }
}
