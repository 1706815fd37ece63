using System.Net;
using Thaw.Net;
using Thaw.Protocol.Ice;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class HostCandidatesTests
{
    private static readonly IPAddress[] Addresses =
    [
        IPAddress.Loopback, IPAddress.IPv6Loopback,
        IPAddress.Parse("192.0.2.2"), IPAddress.Parse("198.51.100.9"), IPAddress.Parse("2001:db8::2"),
    ];

    [Fact]
    public void Families_alternate_and_loopback_comes_last()
        => Assert.Equal(
            ["2001:db8::2", "192.0.2.2", "198.51.100.9", "::1", "127.0.0.1"],
            HostCandidates.Of(Addresses, 7860).OrderByDescending(c => c.Priority).Select(c => c.Address.Address.ToString()));

    [Fact]
    public void The_first_has_the_best_priority_of_a_host_candidate() // RFC 8445 §5.1.2.1: 2^24*126 + 2^8*65535 + 255
        => Assert.Equal(2130706431u, HostCandidates.Of(Addresses, 7860)[0].Priority);

    [Fact]
    public void Every_candidate_is_its_own_base_with_its_own_priority_and_foundation()
    {
        var candidates = HostCandidates.Of(Addresses, 7860);

        Assert.All(candidates, c => Assert.Equal((CandidateType.Host, c.Base, (ushort)7860), (c.Type, c.Address, c.Address.Port)));
        Assert.Equal(5, candidates.Select(c => c.Priority).Distinct().Count());
        Assert.Equal(5, candidates.Select(c => c.Foundation).Distinct().Count());
        Assert.All(candidates, c => Assert.InRange(c.Foundation.Length, 1, 32)); // RFC 8839 §5.1
    }

    [Fact]
    public void A_foundation_stays_when_other_addresses_come_and_go()
        => Assert.Equal(
            HostCandidates.Of(Addresses, 7860).Single(c => c.Address.Address.Equals(Addresses[3])).Foundation,
            HostCandidates.Of([Addresses[3]], 7860)[0].Foundation);
}
