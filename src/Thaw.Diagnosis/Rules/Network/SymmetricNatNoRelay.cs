using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>The NAT gives another port for each destination, and there is no relay to meet at.</summary>
internal static class SymmetricNatNoRelay
{
    public static readonly Rule Rule = new("symmetric-nat-no-relay", Scope.Path,
        a =>
        {
            if (a.Silence is not { } silence || a.Relay is not null || a.Remote.Any(c => c.Type is CandidateKind.Relay) || Of(a) is not { } nat) return null;
            bool isOpen = a.Remote.Any(c => c is { Type: CandidateKind.Host, Class: AddressClass.Public });
            return Finding.Of(isOpen ? 0.45 : 0.8, nat, silence.As("no check was answered"), a.Servers.As("no relay was used"))?.Or("server-inbound-udp-closed", isOpen ? 0.4 : 0.1, "the server's count of packets that arrived");
        },
        a => a.Last<Fact.Nat>() is { Mapping: "endpoint-independent" or "no-nat" } nat ? nat.As("the NAT keeps one port for all destinations") : null);

    /// <summary>Two ports for one socket. Where the base is hidden, two interfaces look the same: then it is no proof.</summary>
    public static Cite? Of(Attempt a)
    {
        if (a.Last<Fact.Nat>() is { Mapping: "address-dependent" or "address-and-port-dependent" } nat) return nat.As($"the NAT's mapping is {nat.Mapping}");
        var reflexive = a.Local.Where(c => c is { Type: CandidateKind.Srflx, Protocol: "udp", RelatedPort: > 0 and not 9 } && c.RelatedAddress is { } at && AddressClasses.Of(at) is not AddressClass.Unspecified);
        var twice = reflexive.GroupBy(c => (c.RelatedAddress, c.RelatedPort)).FirstOrDefault(same => same.Select(c => c.Port).Distinct().Count() > 1);
        return twice?.Last().As($"one socket has {twice.Select(c => c.Port).Distinct().Count()} ports outside: another for each server");
    }
}
