using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

/// <summary>IPv6 on one side, IPv4 on the other.</summary>
internal static class FamilyMismatch
{
    public static readonly Rule Rule = new("ipv6-broken-or-v6-only", Scope.Path,
        a =>
        {
            if (a.Answered is not null) return null;
            var server = a.Server is { Path: PathFinding.NothingFits } none ? none : null;
            var ours = OneFamily(a.Local);
            var theirs = OneFamily(a.Remote);
            bool apart = ours is not null && theirs is not null && ours != theirs;
            return server is null && !apart ? null
                : Finding.Of(apart ? 0.88 : 0.7, apart ? a.Local[0].As($"our addresses are all IPv{(ours is true ? 6 : 4)}") : null, apart ? a.Remote[0].As($"theirs are all IPv{(theirs is true ? 6 : 4)}") : null,
                    server.As("no candidate of one side fits one of the other"));
        });

    private static bool? OneFamily(IReadOnlyList<Fact.Candidate> candidates)
    {
        bool[] families = [.. candidates.Where(c => c.Class is not (AddressClass.Mdns or AddressClass.Name)).Select(c => AddressClasses.IsIPv6(c.Address)).Distinct()];
        return families is [var only] && candidates.All(c => c.Class is not (AddressClass.Mdns or AddressClass.Name)) ? only : null;
    }
}
