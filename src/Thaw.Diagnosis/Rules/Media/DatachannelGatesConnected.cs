using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>There is sound, and the page waits for a channel that nobody will open.</summary>
internal static class DatachannelGatesConnected
{
    public static readonly Rule Rule = new("datachannel-gates-connected", Scope.Connected,
        a => !a.IsConnected ? null
            : a.RemoteDescription is { HasApplication: false } answer && a.LocalDescription is { HasApplication: true } ? Finding.Of(0.85, answer.As("the answer refuses the data channel"), a.ConnectedAt.As("the connection is up all the same"))
            : a.Last<Fact.Channel>() is { State: "closed" } closed && a.Of<Fact.Ended>().Count == 0 && a.Connection is [.., { Value: "connected" }] ? Finding.Of(0.75, closed.As("the data channel was closed"), a.ConnectedAt.As("the connection is up all the same"))
            : null,
        a => a.Last<Fact.Channel>() is { State: "open" } open ? open.As("the data channel is open") : null);
}
