namespace Thaw.Diagnosis.Rules;

/// <summary>A browser's first message is in two pieces now, and an old server waits for ever for a whole one.</summary>
internal static class PostquantumHello
{
    private const double Patience = 5_000; // ms

    public static readonly Rule Rule = new("dtls-postquantum-hello", Scope.Connecting,
        a => a.IceConnected is { } ice && a.Now - ice.T >= Patience && IsSilentServer(a) && a.BrowserTransport is { DtlsState: "connecting" } stuck
            ? Finding.Of(0.66, a.Server.As("the browser's first message arrives in pieces, and the server never answers it"), stuck.As("the browser waits"), ice.As("the path works"))
                ?.Or("dtls-dropped-middlebox-or-mtu", 0.25, "a capture at the server: does it ever send a ServerHello?")
            : null);

    public static bool IsSilentServer(Attempt a) => a.Server is { DtlsDatagrams: > 1, DtlsFlight: 0, IsEncrypted: false };
}
