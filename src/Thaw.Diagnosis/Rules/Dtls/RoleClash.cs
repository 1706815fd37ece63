using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class RoleClash
{
    public static readonly Rule Rule = new("dtls-role-clash", Scope.Connecting,
        a => a.IceConnected is { } ice && IsClash(a)
            ? Finding.Of(0.92, a.First<Fact.Transport>(t => t.DtlsRole is not null).As("this side takes this role"), a.Last<Fact.Transport>(t => t.DtlsRole is not null).As("and so does the other"), SameSetup(a), ice.As("the path works")) : null,
        a => a.ConnectedAt.As("the handshake succeeded"));

    public static bool IsClash(Attempt a)
        => SameSetup(a) is not null || a.Of<Fact.Transport>().Where(t => t.DtlsRole is "client" or "server").GroupBy(t => t.Side).Select(side => side.Last().DtlsRole).ToArray() is [var one, var other] && one == other;

    // RFC 8842 §5.3: an answer never repeats the offer's role.
    private static Cite? SameSetup(Attempt a) => a.LocalDescription is { Setup: { } ours } && (ours is "active" or "passive") && a.RemoteDescription is { Setup: { } theirs } remote && ours == theirs ? remote.As($"both descriptions say a=setup:{theirs}") : null;
}
