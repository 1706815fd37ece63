using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>The connection is up, its data channel is not.</summary>
internal static class SctpMtuStall
{
    private const double Patience = 5_000; // ms

    public static readonly Rule Rule = new("sctp-mtu-stall", Scope.Connected,
        a => a.IsConnected && a.Last<Fact.Channel>() is { State: "connecting" } stuck && a.ConnectedAt is { } up && a.Now - up.T >= Patience && a.RemoteDescription is not { HasApplication: false }
            ? Finding.Of(a.Server is { IsEncrypted: true, IsAssociated: false } ? 0.75 : 0.62, stuck.As($"{Seconds.Of(a.Now - up.T)} after the connection its data channel is not open"), up.As("the connection itself is up"),
                a.Server is { IsAssociated: false } server ? server.As("the association of the data channel (SCTP) never came about") : null)
                ?.Or("datachannel-gates-connected", 0.2, "whether the server ever answers the channel's opening")
            : null,
        a => a.Last<Fact.Channel>() is { State: "open" } open ? open.As("the data channel is open") : null);
}
