using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

/// <summary>The path is there, and the handshake ends at once.</summary>
internal static class FingerprintMismatch
{
    private const double AtOnce = 2_000; // ms

    public static readonly Rule Rule = new("dtls-fingerprint-mismatch", Scope.Connecting,
        a => a.IceConnected is { } ice && a.First<Fact.Transport>(t => t.DtlsState is "failed") is { } failed && !RoleClash.IsClash(a) && failed.T - ice.T <= AtOnce
            ? Finding.Of(a.Server is { Failure: PeerFailure.DtlsFailed } ? 0.88 : 0.8, failed.As($"the handshake failed {Math.Max(0, failed.T - ice.T):0} ms after the path was found: the certificate is not the one that was announced"),
                a.Server is { Failure: PeerFailure.DtlsFailed } server ? server.As("the server's handshake ended by an alert") : null, ice.As("the path works")) : null,
        a => a.ConnectedAt.As("the handshake succeeded"));
}
