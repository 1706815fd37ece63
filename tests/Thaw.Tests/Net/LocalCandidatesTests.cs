using System.Net;
using Thaw.Net.Addresses;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class LocalCandidatesTests
{
    private static readonly TransportAddress[] Bases = [At("127.0.0.1"), At("::1"), At("192.0.2.2"), At("198.51.100.9"), At("2001:db8::2")];

    [Fact]
    public void Families_alternate_and_loopback_comes_last()
        => Assert.Equal(["2001:db8::2", "192.0.2.2", "198.51.100.9", "::1", "127.0.0.1"], Names(LocalCandidates.Compose(Bases, [], [])));

    [Fact]
    public void The_first_has_the_best_priority_of_a_host_candidate() // RFC 8445 §5.1.2.1: 2^24*126 + 2^8*65535 + 255
        => Assert.Equal(2130706431u, LocalCandidates.Compose(Bases, [], [])[0].Priority);

    [Fact]
    public void Every_candidate_is_its_own_base_with_its_own_priority_and_foundation()
    {
        var candidates = LocalCandidates.Compose(Bases, [], []);

        Assert.All(candidates, c => Assert.Equal((CandidateType.Host, c.Base, (ushort)7860), (c.Type, c.Address, c.Address.Port)));
        Assert.Equal(5, candidates.Select(c => c.Priority).Distinct().Count());
        Assert.Equal(5, candidates.Select(c => c.Foundation).Distinct().Count());
        Assert.All(candidates, c => Assert.InRange(c.Foundation.Length, 1, 32)); // RFC 8839 §5.1
    }

    [Fact]
    public void A_foundation_stays_when_other_addresses_come_and_go()
        => Assert.Equal(
            LocalCandidates.Compose(Bases, [], []).Single(c => c.Address == Bases[3]).Foundation,
            LocalCandidates.Compose([Bases[3]], [], [])[0].Foundation);

    [Fact]
    public void An_announced_address_comes_first_and_its_base_is_the_local_socket()
    {
        var candidates = LocalCandidates.Compose([At("10.0.0.5"), At("127.0.0.1")], [Announce("203.0.113.7")], []);

        Assert.Equal(["203.0.113.7", "10.0.0.5", "127.0.0.1"], Names(candidates));
        Assert.Equal((CandidateType.Host, At("10.0.0.5"), 2130706431u), (candidates[0].Type, candidates[0].Base, candidates[0].Priority));
    }

    [Fact]
    public void An_announced_address_stands_before_the_base_of_the_address_that_it_names()
    {
        var candidates = LocalCandidates.Compose([At("10.0.0.5"), At("10.0.1.5")], [Announce("203.0.113.7", "10.0.1.5")], []);

        Assert.Equal(["203.0.113.7", "10.0.1.5", "10.0.0.5"], Names(candidates));
        Assert.Equal(At("10.0.1.5"), candidates[0].Base);
    }

    [Fact]
    public void A_private_address_that_is_the_hosts_and_not_ours_is_announced_below_the_public_one() // a container in a VPC
    {
        var candidates = LocalCandidates.Compose([At("172.17.0.2")], [Announce("203.0.113.7", "10.0.0.5")], []);

        Assert.Equal(["203.0.113.7", "10.0.0.5", "172.17.0.2"], Names(candidates));
        Assert.All(candidates, c => Assert.Equal(At("172.17.0.2"), c.Base));
    }

    [Fact]
    public void Another_port_outside_is_announced_for_udp_and_tcp()
    {
        var tcp = At("172.17.0.2").Over(TransportProtocol.Tcp);
        var outside = At("203.0.113.7", 40_000);

        var candidates = LocalCandidates.Compose([At("172.17.0.2"), tcp], [new(outside.Address, null, 40_000)], []);

        Assert.Equal([outside, At("172.17.0.2"), outside.Over(TransportProtocol.Tcp), tcp], candidates.Select(c => c.Address));
        Assert.Equal(tcp, candidates[2].Base);
    }

    [Fact]
    public void An_announced_address_of_our_own_only_moves_to_the_front()
    {
        var candidates = LocalCandidates.Compose([At("10.0.0.5"), At("203.0.113.7")], [Announce("203.0.113.7")], []);

        Assert.Equal([(At("203.0.113.7"), At("203.0.113.7")), (At("10.0.0.5"), At("10.0.0.5"))], candidates.Select(c => (c.Address, c.Base)));
    }

    [Fact]
    public void A_family_without_a_socket_is_not_announced()
        => Assert.Equal(["10.0.0.5"], Names(LocalCandidates.Compose([At("10.0.0.5")], [Announce("2001:db8::7")], [])));

    [Fact]
    public void Tcp_comes_after_all_udp_and_relays_by_tcp_and_tls_come_last()
    {
        var tcp = At("192.0.2.2").Over(TransportProtocol.Tcp);
        ForeignCandidate reflexive = new(CandidateType.ServerReflexive, At("203.0.113.7", 4000), At("192.0.2.2"), "stun");
        ForeignCandidate relayed = new(CandidateType.Relayed, At("203.0.113.99", 5000), At("203.0.113.99", 5000), "turn");

        var byTcp = relayed with { Address = At("203.0.113.99", 5001), Via = RelayTransport.Tcp };
        var byTls = relayed with { Address = At("203.0.113.99", 5002), Via = RelayTransport.Tls };

        var candidates = LocalCandidates.Compose([tcp, At("192.0.2.2")], [], [byTls, byTcp, relayed, reflexive]);

        Assert.Equal([At("192.0.2.2"), reflexive.Address, relayed.Address, tcp, byTcp.Address, byTls.Address], candidates.Select(c => c.Address));
        Assert.Equal(candidates.OrderByDescending(c => c.Priority), candidates);
    }

    [Fact]
    public void A_machine_with_a_hundred_addresses_still_offers_tcp_and_relays()
    {
        TransportAddress[] many = [.. Enumerable.Range(1, 100).Select(i => At($"192.0.2.{i}"))];
        ForeignCandidate relayed = new(CandidateType.Relayed, At("203.0.113.99", 5000), At("203.0.113.99", 5000), "turn");

        var candidates = LocalCandidates.Compose([.. many, .. many.Select(a => a.Over(TransportProtocol.Tcp))], [Announce("203.0.113.7")], [relayed]);

        Assert.InRange(candidates.Length, 10, 28); // an agent takes 32
        Assert.Equal("203.0.113.7", candidates[0].Address.Address.ToString());
        Assert.Contains(candidates, c => c.Base.Protocol is TransportProtocol.Tcp);
        Assert.Contains(candidates, c => c.Type is CandidateType.Relayed);
    }

    [Fact]
    public void Foundations_differ_by_type_base_server_and_protocol() // RFC 8445 §5.1.1.3
    {
        ForeignCandidate one = new(CandidateType.ServerReflexive, At("203.0.113.7", 4000), At("192.0.2.2"), "one");
        var candidates = LocalCandidates.Compose([At("192.0.2.2"), At("192.0.2.2").Over(TransportProtocol.Tcp)], [], [one, one with { Server = "two" }]);

        Assert.Equal(4, candidates.Select(c => c.Foundation).Distinct().Count());
    }

    [Fact]
    public void The_same_base_by_two_addresses_has_one_foundation()
        => Assert.Single(LocalCandidates.Compose([At("10.0.0.5")], [Announce("203.0.113.7")], []).Select(c => c.Foundation).Distinct());

    private static AnnouncedAddress Announce(string address, string? inside = null)
        => new(IPAddress.Parse(address), inside is null ? null : IPAddress.Parse(inside));

    private static TransportAddress At(string address, ushort port = 7860) => new(IPAddress.Parse(address), port);

    private static IEnumerable<string> Names(IEnumerable<Candidate> candidates)
    {
        Assert.Equal(candidates.OrderByDescending(c => c.Priority), candidates);
        return candidates.Select(c => c.Address.Address.ToString());
    }
}
