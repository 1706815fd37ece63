using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Ice;

public sealed class ConsentTests
{
    [Fact]
    public void Consent_ends_thirty_seconds_after_the_last_answer_and_comes_back_with_the_path()
    {
        var world = new IceWorld().Introduce().RunUntilBothSelected();
        world.Run(20);
        world.Net.DefaultLink = Link.Blocked;
        var answered = world.Alice.Seen.Last(seen => seen.Value is Observation.CheckAnswered).At;
        world.Run(40);

        Assert.Equal(TimeSpan.FromSeconds(30), world.Alice.Seen.Single(seen => seen.Value is IceEvent.ConsentLost).At - answered);
        Assert.False(world.Alice.Machine.MaySend || world.Bob.Machine.MaySend);

        world.Net.DefaultLink = new Link();
        world.Net.RunUntil(() => world.Alice.Machine.MaySend && world.Bob.Machine.MaySend, TimeSpan.FromSeconds(2.2));
        Assert.Single(world.Alice.Of<IceEvent.ConsentRegained>());
        Assert.Single(world.Bob.Of<IceEvent.ConsentRegained>());
    }

    [Fact]
    public void Consent_checks_come_every_five_seconds_give_or_take_a_fifth()
    {
        var world = new IceWorld().Introduce().RunUntilBothSelected();
        world.Run(300);
        var sent = world.Bob.Seen.Where(seen => seen.Value is Observation.CheckSent).Select(seen => seen.At).Skip(2).ToArray();
        for (int i = 1; i < sent.Length; i++) Assert.InRange((sent[i] - sent[i - 1]).TotalSeconds, 4, 6.1);
        Assert.InRange(sent.Length, 48, 74);
        Assert.Empty(world.Bob.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void Only_answers_are_consent_the_peers_own_checks_are_not()
    {
        var world = new IceWorld().Introduce().RunUntilBothSelected();
        world.Net.Links.Add((world.Alice, world.Bob, Link.Blocked)); // Bob's checks arrive, Alice's answers do not
        world.Run(40);
        Assert.Single(world.Alice.Of<IceEvent.ConsentLost>());
        Assert.Single(world.Bob.Of<IceEvent.ConsentLost>());
        Assert.True(world.Alice.Machine.Accepts(world.Bob.Addresses[0], world.Alice.Addresses[0]));
    }

    [Fact]
    public void When_the_selected_path_dies_a_spare_one_takes_over_and_no_consent_is_lost()
    {
        var world = new IceWorld(alice: ["192.0.2.1", "203.0.113.5"]).Introduce().RunUntilBothSelected();
        world.Run(2);
        var dead = world.Alice.Machine.Selected!.Local.Base;
        world.Net.Firewalls.Add(packet => packet.Source != dead && packet.Destination != dead);
        world.Run(40);

        Assert.NotEqual(dead, world.Alice.Machine.Selected!.Local.Base);
        Assert.True(world.AgreeOnPath, world.Net.Report());
        Assert.Empty(world.Bob.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void A_nat_that_reboots_is_survived_by_learning_the_new_mapping()
    {
        var world = new IceWorld(alice: ["10.0.0.7"]);
        var nat = new Nat(IceWorld.Address("203.0.113.9"), Dependence.EndpointIndependent, Dependence.AddressAndPortDependent);
        Simulation.Move(world.Alice, world.Net.Behind(nat));
        world.Introduce().RunUntilBothSelected();
        nat.Reboot();
        world.Run(60);

        Assert.True(world.AgreeOnPath && world.Bob.Machine.MaySend, world.Net.Report());
        Assert.Equal(40_001, world.Bob.Machine.Selected!.Remote.Address.Port);
    }

    [Fact]
    public void A_restart_carries_media_over_the_old_pair_until_the_new_one_is_valid()
    {
        var world = new IceWorld().Introduce().RunUntilBothSelected();
        world.Run(10);
        var old = world.Bob.Machine.Selected;

        // Bob's side learns of the restart at once, Alice's only 3 s later.
        var next = (Alice: new IceCredentials("alic2", "password-of-alice-2222"), Bob: new IceCredentials("bobb2", "password-of-bob-222222"));
        world.Bob.Do((agent, now) => agent.Restart(next.Bob, now));
        world.Bob.Do((agent, now) => agent.SetRemote(next.Alice, false, now));
        Assert.Same(old, world.Bob.Machine.Selected);
        for (int i = 0; i < 30; i++)
        {
            world.Run(0.1);
            Assert.True(world.Bob.Machine.MaySend && world.Alice.Machine.MaySend);
        }

        world.Alice.Do((agent, now) => agent.Restart(next.Alice, now));
        world.Alice.Do((agent, now) => agent.SetRemote(next.Bob, false, now));
        IceWorld.Candidates(world.Alice, world.Bob);
        IceWorld.Candidates(world.Bob, world.Alice);
        for (int i = 0; i < 600; i++)
        {
            world.Run(0.1);
            Assert.True(world.Bob.Machine.MaySend && world.Alice.Machine.MaySend);
        }

        Assert.NotSame(old, world.Bob.Machine.Selected);
        Assert.Equal(2, world.Bob.Of<IceEvent.PairSelected>().Count());
        Assert.Empty(world.Bob.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void An_old_pair_keeps_its_consent_while_the_other_side_has_not_seen_the_restart()
    {
        var world = new IceWorld().Introduce().RunUntilBothSelected();
        world.Bob.Do((agent, now) => agent.Restart(new("bobb2", "password-of-bob-222222"), now));
        world.Run(120);

        Assert.True(world.Bob.Machine.MaySend && world.Alice.Machine.MaySend);
        Assert.Empty(world.Alice.Of<IceEvent.ConsentLost>());
    }

    [Fact]
    public void A_restart_after_a_lost_path_regains_consent_on_a_new_one()
    {
        var world = new IceWorld(alice: ["192.0.2.1", "203.0.113.5"]);
        world.Net.Firewalls.Add(packet => packet.Source.SameAddress(world.Alice.Addresses[1]) == packet.Destination.SameAddress(world.Alice.Addresses[1]));
        world.Introduce().RunUntilBothSelected();
        world.Net.Firewalls[0] = packet => packet.Source == world.Alice.Addresses[1] || packet.Destination == world.Alice.Addresses[1];
        world.Net.Links.Clear();
        world.Run(35);
        Assert.Single(world.Alice.Of<IceEvent.ConsentLost>());

        var next = (Alice: new IceCredentials("alic2", "password-of-alice-2222"), Bob: new IceCredentials("bobb2", "password-of-bob-222222"));
        world.Alice.Do((agent, now) => agent.Restart(next.Alice, now));
        world.Bob.Do((agent, now) => agent.Restart(next.Bob, now));
        IceWorld.Credentials(world.Alice, world.Bob);
        IceWorld.Credentials(world.Bob, world.Alice);
        IceWorld.Candidates(world.Alice, world.Bob);
        IceWorld.Candidates(world.Bob, world.Alice);
        world.Net.RunUntil(() => world.Alice.Machine.MaySend && world.Bob.Machine.MaySend && world.AgreeOnPath, TimeSpan.FromSeconds(2));
        Assert.Single(world.Alice.Of<IceEvent.ConsentRegained>());
    }

    [Fact]
    public void After_close_there_is_silence()
    {
        var world = new IceWorld().Introduce().RunUntilBothSelected();
        world.Bob.Do((agent, now) => agent.Close(now));
        int before = world.Bob.Seen.Count;
        world.Run(60);
        Assert.Equal(before, world.Bob.Seen.Count);
        Assert.Equal(Instant.Never, world.Bob.WakeAt);
        Assert.False(world.Bob.Machine.MaySend || world.Bob.Machine.Accepts(world.Alice.Addresses[0], world.Bob.Addresses[0]));
    }
}
