using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Ice;

public sealed class ConnectTests
{
    [Fact]
    public void Two_hosts_select_the_same_pair_in_two_round_trips()
    {
        var world = new IceWorld().Introduce().RunUntilBothSelected();

        Assert.True(world.AgreeOnPath, world.Net.Report());
        Assert.Equal(80, world.Alice.When<IceEvent.PairSelected>().TotalMilliseconds); // check, nomination: two round trips of 40 ms
        Assert.True(world.Alice.Machine.MaySend && world.Bob.Machine.MaySend);
        Assert.Equal(TimeSpan.FromMilliseconds(40), world.Alice.Machine.Selected!.RoundTrip);
        Assert.Empty(world.Alice.Of<Observation.DatagramDropped>());
    }

    [Fact]
    public void The_controlled_side_has_a_usable_pair_before_any_nomination()
    {
        var world = new IceWorld().Introduce();
        world.Net.RunUntil(() => world.Bob.Machine.MaySend, TimeSpan.FromSeconds(1));

        Assert.Null(world.Bob.Machine.Selected);
        Assert.NotNull(world.Bob.Machine.Usable);
        Assert.Equal(40, world.Net.Elapsed.TotalMilliseconds);
    }

    [Fact]
    public void The_best_of_several_addresses_is_selected()
    {
        var world = new IceWorld(alice: ["10.0.0.1", "2001:db8::1", "192.0.2.1"], bob: ["2001:db8::2", "198.51.100.2"]).Introduce();
        world.RunUntilBothSelected();
        world.Run(1);
        Assert.True(world.AgreeOnPath, world.Net.Report());
    }

    [Fact]
    public void A_pair_never_mixes_address_families_or_link_local_with_global()
    {
        var world = new IceWorld(alice: ["192.0.2.1", "2001:db8::1", "fe80::1"], bob: ["198.51.100.2", "2001:db8::2", "fe80::2"]).Introduce();

        Assert.Equal(3, world.Alice.Machine.Pairs.Count);
        Assert.All(world.Alice.Machine.Pairs, pair => Assert.Equal(
            (pair.Local.Base.IsIPv4, pair.Local.Base.IsLinkLocal), (pair.Remote.Address.IsIPv4, pair.Remote.Address.IsLinkLocal)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_side_without_signalled_candidates_is_found_by_its_checks(bool controllingIsSilent)
    {
        var world = new IceWorld();
        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Credentials(world.Bob, world.Alice);
        if (controllingIsSilent) IceWorld.Candidates(world.Alice, world.Bob);
        else IceWorld.Candidates(world.Bob, world.Alice);

        world.RunUntilBothSelected();
        var finder = controllingIsSilent ? world.Bob : world.Alice;
        Assert.Equal(CandidateType.PeerReflexive, finder.Machine.Selected!.Remote.Type);
    }

    [Fact]
    public void A_candidate_signalled_late_replaces_the_discovered_one_in_place()
    {
        var world = new IceWorld();
        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Credentials(world.Bob, world.Alice);
        IceWorld.Candidates(world.Alice, world.Bob);
        world.RunUntilBothSelected();
        var selected = world.Bob.Machine.Selected!;

        IceWorld.Candidates(world.Bob, world.Alice);
        world.Run(60);

        Assert.Same(selected, world.Bob.Machine.Selected);
        Assert.Equal(CandidateType.Host, selected.Remote.Type);
        Assert.Single(world.Bob.Machine.Pairs);
        Assert.Empty(world.Bob.Of<IceEvent.ConsentLost>());
        Assert.Single(world.Bob.Of<IceEvent.PairSelected>());
    }

    [Fact]
    public void Candidates_that_trickle_in_late_are_checked_at_once()
    {
        var world = new IceWorld();
        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Credentials(world.Bob, world.Alice);
        world.Run(20);
        IceWorld.Candidates(world.Alice, world.Bob);

        Assert.Equal(20, world.Alice.When<Observation.CheckSent>().TotalSeconds);
        world.RunUntilBothSelected(0.2);
        Assert.Empty(world.Alice.Of<IceEvent.ChecksFailed>());
    }

    [Fact]
    public void Checks_that_come_before_the_credentials_are_answered_and_remembered()
    {
        var world = new IceWorld();
        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Candidates(world.Alice, world.Bob);
        world.Run(1);
        Assert.True(world.Alice.Machine.MaySend);
        Assert.Null(world.Bob.Machine.Usable);
        Assert.True(world.Bob.Machine.Accepts(world.Alice.Addresses[0], world.Bob.Addresses[0])); // its DTLS may be here already

        IceWorld.Credentials(world.Bob, world.Alice);
        world.RunUntilBothSelected(0.1);
    }

    [Fact]
    public void Checks_that_come_before_our_own_candidate_are_answered_and_remembered()
    {
        var net = new Simulation(1);
        var (here, there) = (IceWorld.Address("192.0.2.1"), IceWorld.Address("198.51.100.2"));
        var alice = net.Add("alice", new IceAgent(IceRole.Controlling, new("alic", "password-of-alice-12345"), net.NewRandom(), net.Now), here);
        var bob = net.Add("bob", new IceAgent(IceRole.Controlled, new("bobb", "password-of-bob-1234567"), net.NewRandom(), net.Now), there);
        alice.Do((a, now) => a.AddLocalCandidate(IceWorld.Host(here), now));
        IceWorld.Credentials(alice, bob);
        IceWorld.Credentials(bob, alice);
        IceWorld.Candidates(alice, bob);
        net.RunFor(TimeSpan.FromSeconds(1));

        bob.Do((a, now) => a.AddLocalCandidate(IceWorld.Host(there), now));
        net.RunUntil(() => bob.Machine.Selected is not null, TimeSpan.FromSeconds(0.1));
    }

    [Fact]
    public void With_30_percent_loss_both_ways_they_still_connect()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var world = new IceWorld(seed);
            world.Net.DefaultLink = new Link(LatencyMs: 30, JitterMs: 30, Loss: 0.3, Duplication: 0.05);
            world.Introduce().RunUntilBothSelected(10);
            Assert.True(world.AgreeOnPath, world.Net.Report());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_path_that_works_one_way_only_is_never_used(bool aliceIsHeard)
    {
        var world = new IceWorld();
        var (from, to) = aliceIsHeard ? (world.Bob, world.Alice) : (world.Alice, world.Bob);
        world.Net.Links.Add((from, to, Link.Blocked));
        world.Introduce();
        world.Run(120);

        Assert.All([world.Alice, world.Bob], agent =>
        {
            Assert.Null(agent.Machine.Usable);
            Assert.False(agent.Machine.MaySend);
            Assert.Single(agent.Of<IceEvent.ChecksFailed>());
        });
    }

    [Fact]
    public void Failure_waits_for_the_patience_of_RFC_8863_and_is_silent_after()
    {
        var world = new IceWorld();
        IceWorld.Credentials(world.Alice, world.Bob); // no candidates at all
        world.Run(39.4);
        Assert.Empty(world.Alice.Of<IceEvent.ChecksFailed>());
        world.Run(0.2);
        Assert.Single(world.Alice.Of<IceEvent.ChecksFailed>());

        IceWorld.Candidates(world.Alice, world.Bob);
        world.Run(60);
        Assert.Equal(0, world.Net.Sent);
        Assert.Equal(Instant.Never, world.Alice.WakeAt);
    }

    [Fact]
    public void A_peer_that_comes_from_ever_new_addresses_cannot_put_the_verdict_off_for_ever()
    {
        // Each answers from an address that the other has not written to yet; so each check makes a new pair, without end.
        var chase = new Encounter(new Script(new Site(NatKind.ApdmEif), new Site(NatKind.ApdmEif)) { SignallingMs = 0 });
        Assert.Equal(Ending.Failed, chase.Run(70));

        foreach (var side in new[] { chase.Offerer, chase.Answerer })
        {
            Assert.Equal(39.5 + 19.75, side.When<IceEvent.ChecksFailed>().TotalSeconds, 0.1);
            Assert.InRange(side.Machine.Agent.Pairs.Count, 50, 100);
        }

        int asked = chase.Offerer.Of<Observation.CheckSent>().Count();
        chase.Net.RunFor(TimeSpan.FromSeconds(60));
        Assert.Equal(asked, chase.Offerer.Of<Observation.CheckSent>().Count());
    }

    [Fact]
    public void A_relay_has_its_turn_though_the_peer_comes_from_ever_new_addresses()
    {
        var chase = new Encounter(new Script(new Site(NatKind.ApdmEif) { HasRelay = true }, new Site(NatKind.ApdmEif)));
        Assert.True(chase.Run(8) is Ending.Connected, chase.Report());
        Assert.Equal(Thaw.Tests.World.Path.Relay, chase.Path);
    }

    [Fact]
    public void A_check_is_repeated_twice_a_second_for_a_while_and_then_given_up()
    {
        var world = new IceWorld { Net = { DefaultLink = Link.Blocked } };
        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Candidates(world.Alice, world.Bob);
        world.Run(60);

        double[] sentAt = [.. world.Alice.Seen.Where(s => s.Value is Observation.CheckSent).Select(s => (s.At - new Instant(0)).TotalMilliseconds)];
        Assert.Equal([0, 250, 750, 1250], sentAt[..4]);
        Assert.Equal((33, 15_750), (sentAt.Length, sentAt[^1]));
        Assert.Equal(19_750, world.Alice.When<Observation.CheckTimedOut>().TotalMilliseconds);
        Assert.Equal(39.5, world.Alice.When<IceEvent.ChecksFailed>().TotalSeconds);
    }

    [Fact]
    public void A_hundred_dead_pairs_cost_no_more_than_twenty_checks_a_second()
    {
        var world = new IceWorld { Net = { DefaultLink = Link.Blocked } };
        IceWorld.Credentials(world.Alice, world.Bob);
        for (int i = 0; i < 100; i++) world.Alice.Do((a, now) => a.AddRemoteCandidate(IceWorld.Host(IceWorld.Address("198.51.100.2", 6000 + i)), now));
        world.Run(30);
        Assert.InRange(world.Net.Sent, 100, 20 * 30 + 100);
    }

    [Fact]
    public void A_pair_given_up_is_revived_by_the_peers_check()
    {
        var world = new IceWorld { Net = { DefaultLink = Link.Blocked } };
        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Candidates(world.Alice, world.Bob);
        world.Run(30);
        Assert.Equal(CandidatePairState.Failed, Assert.Single(world.Alice.Machine.Pairs).State);

        world.Net.DefaultLink = new Link();
        IceWorld.Credentials(world.Bob, world.Alice);
        IceWorld.Candidates(world.Bob, world.Alice);
        world.RunUntilBothSelected(0.2);
    }

    [Fact]
    public void New_checks_leave_one_at_a_time_and_success_ends_the_chatter()
    {
        string[] many = [.. Enumerable.Range(1, 5).Select(i => $"192.0.2.{i}")];
        var world = new IceWorld(alice: many, bob: [.. Enumerable.Range(1, 5).Select(i => $"198.51.100.{i}")]);
        world.Introduce().RunUntilBothSelected();
        var first = world.Alice.Seen.Where(s => s.Value is Observation.CheckSent)
            .DistinctBy(s => $"{((Observation.CheckSent)s.Value!).Local} {((Observation.CheckSent)s.Value).Remote}").Select(s => s.At).ToArray();
        Assert.True(first.Length > 1);
        for (int i = 1; i < first.Length; i++) Assert.True(first[i] - first[i - 1] >= TimeSpan.FromMilliseconds(50));

        world.Run(1);
        int settled = world.Net.Sent;
        world.Run(100);
        Assert.InRange(world.Net.Sent - settled, 2 * 2 * 100 / 6, 2 * 2 * 4 * 100 / 4); // consent only: both ways, request and answer, ≤ 4 pairs
    }

    [Theory]
    [InlineData(Dependence.EndpointIndependent, Dependence.EndpointIndependent)]
    [InlineData(Dependence.EndpointIndependent, Dependence.AddressAndPortDependent)]
    [InlineData(Dependence.AddressAndPortDependent, Dependence.AddressAndPortDependent)]
    public void A_browser_behind_any_nat_reaches_a_public_server(Dependence mapping, Dependence filtering)
    {
        var world = new IceWorld(alice: ["10.0.0.7"]);
        Simulation.Move(world.Alice, world.Net.Behind(new Nat(IceWorld.Address("203.0.113.9"), mapping, filtering)));
        world.Introduce().RunUntilBothSelected();

        Assert.True(world.AgreeOnPath, world.Net.Report());
        Assert.Equal((CandidateType.PeerReflexive, IceWorld.Address("203.0.113.9", 40000)), (world.Alice.Machine.Selected!.Local.Type, world.Alice.Machine.Selected.Local.Address));
        Assert.Equal(CandidateType.PeerReflexive, world.Bob.Machine.Selected!.Remote.Type);
        Assert.Contains(world.Alice.Of<Observation.LocalCandidateLearned>(), fact => fact.Origin is CandidateOrigin.PeerReflexive);
    }

    [Fact]
    public void A_lite_peer_makes_us_controlling()
    {
        var world = new IceWorld(aliceRole: IceRole.Controlled);
        IceWorld.Credentials(world.Alice, world.Bob, isLite: true);
        IceWorld.Credentials(world.Bob, world.Alice);
        IceWorld.Candidates(world.Alice, world.Bob);
        world.RunUntilBothSelected();
        Assert.Equal(IceRole.Controlling, world.Alice.Machine.Role);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes()
    {
        static string Run(int seed)
        {
            var world = new IceWorld(seed) { Net = { DefaultLink = new Link(JitterMs: 20, Loss: 0.2) } };
            world.Introduce().Run(30);
            return world.Net.Transcript;
        }

        Assert.Equal(Run(5), Run(5));
        Assert.NotEqual(Run(5), Run(6));
    }
}
