using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

/// <summary>Checks are answered, records are not.</summary>
internal static class DroppedByMiddlebox
{
    private const double Patience = 5_000; // ms: three flights

    public static readonly Rule Rule = new("dtls-dropped-middlebox-or-mtu", Scope.Connecting,
        a =>
        {
            if (a.IceConnected is not { } ice || a.Now - ice.T < Patience || RoleClash.IsClash(a) || PostquantumHello.IsSilentServer(a)) return null;
            var stuck = a.BrowserTransport is { DtlsState: "connecting" } browser ? browser : null;
            var server = a.Server is { Failure: PeerFailure.DtlsTimedOut } timedOut ? timedOut : null;
            if (stuck is null && server is null || a.First<Fact.Transport>(t => t.DtlsState is "failed" or "connected") is not null) return null;
            return Finding.Of(a.Server is { DtlsDatagrams: 0 } || server is { DtlsRepeats: > 1 } ? 0.88 : 0.75, stuck.As($"the handshake has been going on for {Seconds.Of(a.Now - ice.T)}"),
                server.As(server?.DtlsDatagrams == 0 ? "not one record of the browser's arrived at the server" : "flights are repeated and not answered"), a.Answered.As("checks on the same path are answered"));
        },
        a => a.ConnectedAt.As("the handshake succeeded"));
}
