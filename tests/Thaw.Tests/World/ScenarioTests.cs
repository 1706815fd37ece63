using Thaw.Protocol.Ice;
using Xunit;

namespace Thaw.Tests.World;

/// <summary>The situations that people report as "stuck on connecting", one by one.</summary>
public sealed class ScenarioTests
{
    private static readonly Site Public = new(NatKind.Public), PortRestricted = new(NatKind.EimApdf), Symmetric = new(NatKind.ApdmApdf);

    [Fact]
    public void A_direct_connect_waits_for_no_server_that_is_silent()
    {
        foreach (var offerer in new[] { Public, new Site(NatKind.EimEif), PortRestricted, Symmetric })
        {
            var plain = new Encounter(new Script(offerer, Public));
            var silent = new Encounter(new Script(offerer with { HasRelay = true }, Public with { HasRelay = true }) { StunIsSilent = true, TurnIsSilent = true });
            foreach (var encounter in new[] { plain, silent }) encounter.Net.RunUntil(() => MaySend(encounter), TimeSpan.FromSeconds(1));

            Assert.True(silent.Net.Elapsed <= plain.Net.Elapsed + TimeSpan.FromMilliseconds(20), silent.Report()); // one check's pace
            Assert.True(silent.Run(0.5) is Ending.Connected, silent.Report());
        }
    }

    [Fact]
    public void A_relay_whose_range_is_blocked_helps_nobody_and_harms_nobody()
    {
        var blocked = new Script(Symmetric with { HasRelay = true }, PortRestricted) { RelayRangeIsBlocked = true };
        Ends(blocked, Ending.Failed);
        Connected(blocked with { RelayRangeIsBlocked = false }, Path.Relay);
        Connected(blocked with { Answerer = Public }, Path.Udp);
    }

    [Theory]
    [InlineData(true, Path.Udp)]
    [InlineData(false, Path.None)]
    public void Two_customers_of_one_carrier_need_its_hairpin(bool hairpins, Path expected)
    {
        var carrier = hairpins ? NatKind.EimEif.Hairpinning() : NatKind.EimEif;
        var home = PortRestricted with { Carrier = carrier };
        Ends(new Script(home, home) { Sharing = Sharing.Carrier }, expected is Path.None ? Ending.Failed : Ending.Connected);
        Connected(new Script(home, home) { Sharing = Sharing.Home }, Path.Udp); // on one network they need nobody
        if (!hairpins) Connected(new Script(home with { HasRelay = true }, home) { Sharing = Sharing.Carrier }, Path.Relay);
    }

    [Fact]
    public void Two_carriers_are_as_good_as_their_worse_half()
    {
        var good = PortRestricted with { Carrier = NatKind.EimApdf };
        var bad = PortRestricted with { Carrier = NatKind.ApdmApdf };
        Connected(new Script(good, good), Path.Udp);
        Ends(new Script(good, bad), Ending.Failed);
        Connected(new Script(bad with { HasRelay = true }, bad), Path.Relay);
        Connected(new Script(bad, Public), Path.Udp);
    }

    [Fact]
    public void Two_symmetric_networks_are_connected_by_one_relay_in_a_second()
    {
        var relayed = Connected(new Script(Symmetric with { HasRelay = true }, Symmetric), Path.Relay);
        Assert.True(relayed.Net.Elapsed < TimeSpan.FromSeconds(1.5), relayed.Report());
    }

    [Fact]
    public void Without_UDP_a_passive_TCP_candidate_is_dialled()
    {
        foreach (var client in new[] { NatKind.UdpBlocked, NatKind.OnlyTcp443 })
        {
            var site = new Site(client) { DialsTcp = true };
            var dialled = Connected(new Script(site, Public with { ListensOnTcp = true }), Path.Tcp);
            Assert.True(dialled.Net.Elapsed < TimeSpan.FromSeconds(1.5), dialled.Report());
            Connected(new Script(Public with { ListensOnTcp = true }, site), Path.Tcp);
            Connected(new Script(site with { HasRelay = true }, PortRestricted), Path.Relay);
            Ends(new Script(site, Public), Ending.Failed);
        }
    }

    [Theory]
    [InlineData(IPv6.Broken, false)]
    [InlineData(IPv6.Works, true)]
    public void A_broken_address_family_costs_one_check(IPv6 v6, bool v4IsBroken)
    {
        var plain = Connected(new Script(Public, Public), Path.Udp);
        foreach (int side in new[] { 0, 1 })
        {
            var both = new Script(Public with { IPv6 = v6 }, Public with { IPv6 = v6 });
            var encounter = new Encounter(both, starts: false);
            var host = side == 0 ? encounter.Offerer : encounter.Answerer;
            host.Policy = new Policy { BlackHolesIPv4 = v4IsBroken, BlackHolesIPv6 = v6 is IPv6.Broken };
            encounter.Start();

            Assert.True(encounter.Run() is Ending.Connected, encounter.Report());
            Assert.Equal(v4IsBroken, encounter.Offerer.Machine.Agent.Selected!.Remote.Address.IsIPv6);
            Assert.True(encounter.Net.Elapsed <= plain.Net.Elapsed + TimeSpan.FromMilliseconds(60), encounter.Report());
        }
    }

    [Theory]
    [InlineData(Dependence.EndpointIndependent)]
    [InlineData(Dependence.AddressDependent)]
    public void A_translation_that_changes_mid_call_is_learned_by_consent_checks(Dependence filtering)
    {
        var other = new Site(filtering is Dependence.EndpointIndependent ? NatKind.EimEif : NatKind.EimAdf);
        var call = Connected(new Script(PortRestricted, other), Path.Udp);
        ((Nat)call.World.Boxes[0]).Reboot();
        Run(call, 60);

        Assert.True(call.IsConnected && MaySend(call), call.Report());
        Assert.Empty(call.Offerer.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void Between_two_strict_filters_the_new_address_must_be_told()
    {
        var call = Connected(new Script(PortRestricted, PortRestricted), Path.Udp);
        ((Nat)call.World.Boxes[0]).Reboot();
        Run(call, 60);

        Assert.True(call.IsConnected && MaySend(call), call.Report()); // the gatherer noticed it in time
        Assert.Empty(call.Offerer.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void Where_nothing_is_trickled_a_restart_tells_it()
    {
        var call = Connected(new Script(PortRestricted, PortRestricted) { Trickles = false }, Path.Udp);
        ((Nat)call.World.Boxes[0]).Reboot();
        Run(call, 60);
        Assert.Single(call.Offerer.Of<IceEvent.ConsentLost>());
        Assert.False(MaySend(call));

        call.Restart();
        Assert.True(call.Net.TryRunUntil(() => call.IsConnected && MaySend(call), TimeSpan.FromSeconds(1)), call.Report());
        Assert.Single(call.Answerer.Of<IceEvent.ConsentRegained>());
    }

    [Fact]
    public void Who_walks_into_another_network_is_found_there_after_a_restart()
    {
        var call = Connected(new Script(PortRestricted, PortRestricted), Path.Udp);
        Run(call, 10);
        var mobile = call.Net.Behind(new Nat(new NatBehaviour(Dependence.EndpointIndependent, Dependence.AddressAndPortDependent), 9, Internet.Address("203.0.113.99", 0)));
        var (socket, there) = (Internet.Address("10.20.30.40", 50_000), Internet.Address("203.0.113.99", 0));
        call.Offerer.Detach(call.Offerer.Addresses[0]);
        call.Offerer.Attach(socket, mobile);
        call.Offerer.Do((host, now) => host.Rebase([socket], now));
        call.Restart();

        Assert.True(call.Net.TryRunUntil(() => call.Answerer.Machine.Agent.Selected?.Remote.Address.SameAddress(there) is true, TimeSpan.FromSeconds(2)), call.Report());
        Run(call, 40);
        Assert.True(call.IsConnected && MaySend(call), call.Report());
        Assert.Empty(call.Answerer.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void Silence_does_not_close_mappings_that_live_twenty_seconds()
    {
        var strict = PortRestricted with { Nat = NatKind.EimApdf with { Translation = NatKind.EimApdf.Translation! with { Lifetime = TimeSpan.FromSeconds(20) } } };
        var call = Connected(new Script(strict, strict), Path.Udp);
        Run(call, 600);

        Assert.True(call.IsConnected && MaySend(call), call.Report());
        Assert.Empty(call.Offerer.Of<IceEvent.ConsentLost>());
        Assert.All(call.World.Boxes, box => Assert.InRange(((Nat)box).Made, 1, 3));
    }

    [Theory]
    [InlineData(0, 1.0)]  // they come after the real ones
    [InlineData(1, 1.0)]  // one side heard of them first: the other's check finds the way
    [InlineData(2, 6.5)]  // both: a hundred checks at one in 50 ms
    public void A_hundred_dead_candidates_cost_their_pacing_and_not_the_call(int sidesBefore, double seconds)
    {
        var encounter = new Encounter(new Script(PortRestricted, PortRestricted), starts: false);
        if (sidesBefore > 0) Flood(encounter.Answerer);
        if (sidesBefore > 1) Flood(encounter.Offerer);
        encounter.Start();
        if (sidesBefore == 0) encounter.Net.After(TimeSpan.FromMilliseconds(90), () => { Flood(encounter.Answerer); Flood(encounter.Offerer); });

        Assert.True(encounter.Run() is Ending.Connected, encounter.Report());
        Assert.InRange(encounter.Net.Elapsed.TotalSeconds, 0, seconds);

        static void Flood(Endpoint<IceHost> host) => host.Do((h, now) =>
        {
            for (int i = 0; i < 150; i++)
            {
                var dead = Internet.Address("198.18.0.1", 1000 + i);
                h.Agent.AddRemoteCandidate(new Candidate(CandidateType.ServerReflexive, dead, dead, CandidatePriority.Of(CandidateType.ServerReflexive, (ushort)(65_000 + i)), "dead"), now);
            }
        });
    }

    [Fact]
    public void A_lite_peer_is_asked_and_told_through_every_kind_of_network()
    {
        foreach (var kind in NatKind.WithUdp)
        {
            var world = new Internet(new Script(new Site(kind), Public));
            var (realm, setup) = world.Place(0);
            var at = Internet.Address("198.51.100.77", 5000);
            var lite = world.Net.Add("lite", new LitePeer(), at);
            var random = world.Net.NewRandom();
            var full = world.Add("full", new IceHost(IceRole.Controlled, "full", setup, random, world.Net.Now), realm, setup);
            full.Do((host, now) => host.Begin(now));
            full.Do((host, now) => host.Agent.SetRemote(lite.Machine.Local, isLite: true, now));
            full.Do((host, now) => host.Agent.AddRemoteCandidate(new Candidate(CandidateType.Host, at, at, CandidatePriority.Of(CandidateType.Host, 1), "1"), now));

            world.Net.RunUntil(() => full.Machine.Agent.Selected is not null, TimeSpan.FromSeconds(1));
            Assert.NotNull(lite.Machine.Nominated);
            world.Net.RunFor(TimeSpan.FromSeconds(60));
            Assert.True(full.Machine.Agent.MaySend);
        }
    }

    [Fact]
    public void Candidates_may_come_before_and_long_after_the_description()
    {
        for (int seed = 0; seed < 20; seed++)
            Connected(new Script(PortRestricted, PortRestricted) { Seed = seed, SignallingMs = 10, SignallingJitterMs = 3000 }, Path.Udp);
    }

    [Fact]
    public void The_end_of_candidates_may_never_come()
    {
        var told = Connected(new Script(PortRestricted, PortRestricted), Path.Udp);
        var untold = Connected(new Script(PortRestricted, PortRestricted) { EndIsNeverTold = true }, Path.Udp);
        Assert.True(untold.Net.Elapsed <= told.Net.Elapsed + TimeSpan.FromMilliseconds(150), untold.Report()); // for something better than translated

        var never = Ends(new Script(Symmetric, Symmetric) { EndIsNeverTold = true }, Ending.Failed);
        Assert.InRange(never.Net.Elapsed.TotalSeconds, 39.5, 41);
    }

    [Fact]
    public void Who_hides_behind_names_that_nobody_resolves_is_found_by_its_checks()
    {
        foreach (var kind in NatKind.WithUdp)
        {
            var found = Connected(new Script(new Site(kind) { TellsNothing = true }, Public), Path.Udp);
            Assert.Equal(CandidateType.PeerReflexive, found.Answerer.Machine.Agent.Selected!.Remote.Type);
        }

        Connected(new Script(Public, Public with { TellsNothing = true }), Path.Udp);
        Ends(new Script(Public with { TellsNothing = true }, Public with { TellsNothing = true }), Ending.Failed);
    }

    private static Encounter Connected(Script script, Path path)
    {
        var encounter = Ends(script, Ending.Connected);
        Assert.True(encounter.Path == path, $"{path} expected, {encounter.Path} found\n{encounter.Report()}");
        return encounter;
    }

    private static Encounter Ends(Script script, Ending expected)
    {
        var encounter = new Encounter(script);
        var ending = encounter.Run(70);
        Assert.True(ending == expected, $"{expected} expected, {ending} found\n{encounter.Report()}");
        return encounter;
    }

    private static void Run(Encounter call, double seconds) => call.Net.RunFor(TimeSpan.FromSeconds(seconds));

    private static bool MaySend(Encounter call) => call.Offerer.Machine.Agent.MaySend && call.Answerer.Machine.Agent.MaySend;
}
