using System.Text;
using Thaw.IceServers;
using Thaw.IceServers.Checking;
using Thaw.IceServers.Reading;
using Thaw.IceServers.Sources;
using Thaw.Protocol.Gathering;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A provider's answer, or what somebody has written. Whatever is read of it, a browser is given at most four URLs, each of
/// which parses, and each error has a place inside of what it is about.
/// </summary>
internal static class IceServersTarget
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    public static void Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        var reading = IceServerText.Read(text);
        foreach (var finding in reading.Findings.Concat(IceServerCheck.Of(reading.Servers, Now)))
        {
            if (finding.At < -1 || finding.At > finding.Subject.Length || finding.Text.Length == 0) throw new InvalidOperationException($"{finding.Code} points nowhere.");
            foreach (string line in finding.Lines()) _ = line.Length;
        }

        string[] given = [.. BrowserServers.Choose([new IceServerGrant(reading.Servers)]).Servers.SelectMany(s => s.Urls)];
        if (given.Length > 4) throw new InvalidOperationException("Too many.");
        foreach (string url in given)
            if (!IceServerUrl.TryParse(url, out _, out string why)) throw new InvalidOperationException($"A browser would refuse all: {why}");

        byte[] copy = input.ToArray();
        try
        {
            _ = IceServerJson.Read(System.Text.Json.JsonElement.Parse(copy));
        }
        catch (System.Text.Json.JsonException)
        {
        }

        if (IceSourceSpec.TryParse(text, out var spec, out string error) != (error.Length == 0)) throw new InvalidOperationException("An error without words, or words without an error.");
        _ = spec?.ToString();
    }
}
