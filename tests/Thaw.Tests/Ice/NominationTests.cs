using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Ice;

public sealed class NominationTests
{
    [Theory]
    [InlineData(IceRole.Controlling)]
    [InlineData(IceRole.Controlled)]
    public void Two_agents_in_one_role_settle_it_and_agree(IceRole role)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            var world = new IceWorld(seed, role, role).Introduce().RunUntilBothSelected();
            world.Run(10);
            Assert.NotEqual(world.Alice.Machine.Role, world.Bob.Machine.Role);
            Assert.True(world.AgreeOnPath, world.Net.Report());
            Assert.Equal(1, world.Alice.Of<Observation.RoleSwitched>().Count() + world.Bob.Of<Observation.RoleSwitched>().Count());
        }
    }

    [Theory]
    [InlineData(Roles.BothControl)]
    [InlineData(Roles.NeitherControls)]
    public void Roles_are_settled_even_where_the_refusal_leaves_from_another_port_than_was_asked(Roles roles)
    {
        for (int seed = 0; seed < 10; seed++)
        {
            var encounter = new Encounter(new Script(new Site(NatKind.ApdmAdf), new Site(NatKind.AdmEif)) { Seed = seed, Roles = roles });
            Assert.True(encounter.Run(5) is Ending.Connected, encounter.Report());
        }
    }

    [Fact]
    public void A_relayed_pair_is_given_up_once_for_a_direct_one_and_the_peer_follows()
    {
        var world = new IceWorld(alice: ["192.0.2.1", "203.0.113.5"]);
        var (host, relay) = (world.Alice.Addresses[0], world.Alice.Addresses[1]);
        world.Net.Firewalls.Add(packet => packet.Source != host && packet.Destination != host || world.Net.Elapsed.TotalSeconds > 4);
        world.Introduce();
        var relayed = world.Alice.Machine.Pairs.Single(pair => pair.Local.Base == relay);
        relayed.Describe(IceWorld.Candidate(CandidateType.Relayed, relay, relay), relayed.Remote, world.Alice.Machine.Role);

        world.RunUntilBothSelected(2);
        Assert.Equal(relay, world.Alice.Machine.Selected!.Local.Base);
        world.Run(10);

        Assert.Equal(host, world.Alice.Machine.Selected!.Local.Base);
        Assert.True(world.AgreeOnPath, world.Net.Report());
        Assert.Equal(2, world.Bob.Of<IceEvent.PairSelected>().Count());
        Assert.True(world.Bob.Machine.Accepts(relay, world.Bob.Addresses[0])); // what is still under way counts
    }

    [Fact]
    public void The_controlled_side_follows_the_latest_deliberate_nomination_even_to_a_lesser_pair()
    {
        var peer = new ScriptedPeer();
        peer.MakeValid(0);
        peer.MakeValid(1);
        peer.Check(0, useCandidate: true);
        Assert.Equal(peer[0], peer.Agent.Selected!.Remote.Address);

        peer.Check(1, useCandidate: true);
        Assert.Equal(peer[1], peer.Agent.Selected.Remote.Address);
    }

    [Fact]
    public void A_peer_that_flags_every_check_gets_its_best_pair_and_no_flapping()
    {
        var peer = new ScriptedPeer();
        for (int round = 0; round < 10; round++)
        {
            for (int i = 2; i >= 0; i--) peer.Check(i, useCandidate: true);
            peer.AnswerAll();
            peer.Wait(0.5);
        }

        Assert.Equal(peer[0], peer.Agent.Selected!.Remote.Address);
        Assert.InRange(peer.Events.OfType<IceEvent.PairSelected>().Count(), 1, 3);
    }

    [Fact]
    public void When_the_flag_leaves_the_selected_pair_the_agent_goes_along()
    {
        var peer = new ScriptedPeer();
        peer.Check(0, useCandidate: true);
        peer.Check(1, useCandidate: true);
        peer.AnswerAll();
        Assert.Equal(peer[0], peer.Agent.Selected!.Remote.Address);

        peer.Wait(2.5);
        peer.Check(1, useCandidate: true);
        Assert.Equal(peer[1], peer.Agent.Selected.Remote.Address);
    }

    [Fact]
    public void A_nomination_takes_effect_when_our_own_check_succeeds()
    {
        var peer = new ScriptedPeer();
        peer.Check(1, useCandidate: true);
        Assert.Null(peer.Agent.Selected);
        peer.AnswerAll();
        Assert.Equal(peer[1], peer.Agent.Selected!.Remote.Address);
    }

    [Fact]
    public void Use_candidate_from_a_controlled_peer_means_nothing()
    {
        var peer = new ScriptedPeer(IceRole.Controlling);
        peer.Check(1, useCandidate: true);
        Assert.DoesNotContain(peer.Observations.OfType<Observation.CheckReceived>(), check => check.UseCandidate);
    }

    [Fact]
    public void A_stale_role_conflict_changes_nothing()
    {
        var peer = new ScriptedPeer();
        peer.Check(0, useCandidate: false);
        var asked = peer.Asked.Last();
        peer.Check(1, useCandidate: false, role: StunAttributeType.IceControlled, tiebreaker: 0); // we win: now controlling
        Assert.Equal(IceRole.Controlling, peer.Agent.Role);

        peer.Refuse(asked, StunErrorCode.RoleConflict); // said to the role we no longer claim
        Assert.Equal(IceRole.Controlling, peer.Agent.Role);
        Assert.Single(peer.Observations.OfType<Observation.RoleSwitched>());

        peer.Wait(0.3);
        peer.Refuse(peer.Asked.Last(), StunErrorCode.RoleConflict);
        Assert.Equal(IceRole.Controlled, peer.Agent.Role);
    }

    [Fact]
    public void A_role_conflict_that_we_win_is_refused_with_487_and_integrity()
    {
        var peer = new ScriptedPeer(IceRole.Controlling);
        peer.Check(0, useCandidate: true, role: StunAttributeType.IceControlling, tiebreaker: 0);
        Assert.Equal(StunErrorCode.RoleConflict, peer.LastAnswer);
        Assert.Empty(peer.Observations.OfType<Observation.CheckReceived>());
    }
}
