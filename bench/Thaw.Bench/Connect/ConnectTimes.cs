using System.Text.Json;

namespace Thaw.Bench.Connect;

/// <summary>One connect, in milliseconds as the page measured them.</summary>
/// <param name="Connected">From dialling to the client's <c>connected</c>: the channel is open, the first candidates are delivered.</param>
/// <param name="BotReady">From dialling to the server's bot-ready.</param>
/// <param name="Offer">Chromium makes its offer.</param>
/// <param name="Server">The offer request, from its first byte to the answer's last.</param>
/// <param name="Answer">From the offer request to the answer being applied: the server and Chromium.</param>
/// <param name="Ice">From there to a working pair.</param>
/// <param name="Dtls">From there to keys.</param>
/// <param name="Channel">From there to the open channel: SCTP and DCEP.</param>
/// <param name="Rest">From there to <c>connected</c>.</param>
/// <param name="Ready">From there to bot-ready.</param>
internal sealed record ConnectTimes(
    double Connected, double BotReady, double Offer, double Server, double Answer, double Ice, double Dtls, double Channel, double Rest, double Ready)
{
    public static ConnectTimes From(JsonElement measured)
    {
        double At(string step) => measured.TryGetProperty(step, out var at) ? at.GetDouble() : throw new InvalidDataException($"no {step} in {measured}");
        return new(
            At("connected"), At("botReady"), At("offer"), At("answered") - At("sent"), At("applied") - At("offer"), At("ice") - At("applied"),
            At("dtls") - At("ice"), At("channel") - At("dtls"), At("connected") - At("channel"), At("botReady") - At("connected"));
    }

    public static IReadOnlyList<(string Name, Func<ConnectTimes, double> Of)> Figures { get; } =
    [
        ("connected", t => t.Connected), ("bot-ready", t => t.BotReady),
        ("offer made", t => t.Offer), ("answer applied", t => t.Answer), ("  of it the request", t => t.Server),
        ("ICE", t => t.Ice), ("DTLS", t => t.Dtls), ("SCTP, channel", t => t.Channel), ("connected after it", t => t.Rest), ("bot-ready after it", t => t.Ready),
    ];
}
