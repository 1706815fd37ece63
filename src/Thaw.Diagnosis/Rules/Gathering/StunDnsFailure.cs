namespace Thaw.Diagnosis.Rules;

internal static class StunDnsFailure
{
    public static readonly Rule Rule = new("stun-dns-failure", Scope.Path,
        a => a.Established("stun-dns-failure") is { } said ? Finding.Of(0.9, said, a.Unreachable(Any, Lookup).As("the browser could not look the name up"))
            : a.Srflx is null && a.Unreachable(Any, Lookup) is { } failed ? Finding.Of(0.8, failed.As($"the name in {failed.Url} could not be looked up"))
            : null,
        a => a.Srflx.As("a STUN server answered"));

    private static readonly string[] Lookup = ["lookup", "host look", "resolve", "DNS"];

    private static bool Any(string url) => true;
}
