using System.Text.Json;

namespace Thaw.Bench.Connect;

/// <summary>One connect, in milliseconds as the page measured them.</summary>
/// <param name="Connected">From dialling to an open data channel.</param>
/// <param name="BotReady">From dialling to the server's bot-ready.</param>
/// <param name="Offer">Chromium makes its offer.</param>
/// <param name="Server">The offer request, from its first byte to the answer's last.</param>
/// <param name="Answer">From the offer request to the answer being applied: the server and Chromium.</param>
/// <param name="Ice">From there to a working pair.</param>
/// <param name="Dtls">From there to keys.</param>
/// <param name="Channel">From there to the open channel: SCTP and DCEP.</param>
/// <param name="Ready">From there to bot-ready.</param>
internal sealed record ConnectTimes(
    double Connected, double BotReady, double Offer, double Server, double Answer, double Ice, double Dtls, double Channel, double Ready)
{
    public static ConnectTimes From(JsonElement measured)
    {
        var to = measured.GetProperty("steps").EnumerateArray()
            .Where(s => s.GetProperty("to").ValueKind is JsonValueKind.Number)
            .ToDictionary(s => s.GetProperty("step").GetString()!, s => s.GetProperty("to").GetDouble());
        var request = measured.GetProperty("request");
        double connected = Math.Max(to["dtls"], to["channel"]);
        return new(
            connected, to["ready"], to["offer"], request.GetProperty("answered").GetDouble() - request.GetProperty("sent").GetDouble(),
            to["answer"] - to["offer"], to["ice"] - to["answer"], to["dtls"] - to["ice"], connected - to["dtls"], to["ready"] - connected);
    }

    public static IReadOnlyList<(string Name, Func<ConnectTimes, double> Of)> Figures { get; } =
    [
        ("connected", t => t.Connected), ("bot-ready", t => t.BotReady),
        ("offer made", t => t.Offer), ("answer applied", t => t.Answer), ("  of it the request", t => t.Server),
        ("ICE", t => t.Ice), ("DTLS", t => t.Dtls), ("SCTP, channel", t => t.Channel), ("bot-ready after it", t => t.Ready),
    ];
}
