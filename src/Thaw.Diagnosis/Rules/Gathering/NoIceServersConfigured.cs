using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>No address from outside on either side, and no path inside.</summary>
internal static class NoIceServersConfigured
{
    public static readonly Rule Rule = new("no-ice-servers-configured", Scope.Path,
        a => a.Servers is { Servers.Count: 0 } none && a.Silence is { } silence && TunnelOnly.Via(a) is null && a.Local.All(c => c.Type is CandidateKind.Host)
                && a.Remote.All(c => c.Type is CandidateKind.Host && c.Class is not AddressClass.Public && !Announced.IsSpecial(c.Class)) && a.Remote.Count > 0 && !Announced.IsFromOutside(a) && a.ServerHeardNothing is null
            ? Finding.Of(0.72, none.As("no STUN and no TURN server is configured"), silence.As("the addresses of the local networks alone do not meet")) : null,
        a => a.Servers is { Servers.Count: > 0 } some ? some.As("ICE servers are configured") : null);
}
