using System.Text.RegularExpressions;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>One budget per attempt: what ends it when, by which name, and on what evidence.</summary>
public sealed partial class BudgetTests
{
    private static readonly byte[] Frame = new byte[160];

    [Fact]
    public void A_client_that_names_nothing_and_sends_nothing_is_given_up_after_three_seconds()
    {
        using var world = Silent();
        var failed = Fails(world, PeerFailure.NoCandidates, 3);

        Assert.Equal(PathFinding.NothingNamed, failed.Evidence!.Path);
        Assert.Equal((0, 0, 0, 1), (failed.Evidence.Datagrams, failed.Evidence.ChecksSent, failed.Evidence.Remote.Usable, failed.Evidence.Local.Host));
        Assert.Contains("named no usable candidate (none) and sent no check within 3 s", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Candidates_that_nobody_can_check_are_no_candidates_but_a_sign_of_life()
    {
        using var world = Silent();
        Trickle(world, 2, "candidate:1 1 udp 2122260223 a1b2c3d4.local 50000 typ host");
        Trickle(world, 2, "candidate:2 1 tcp 1518280447 192.0.2.10 9 typ host tcptype active");
        var failed = Fails(world, PeerFailure.NoCandidates, 5);

        Assert.Equal(new CandidateCounts(0, 0, 0, 0, HostNames: 1, NotUdp: 1), failed.Evidence!.Remote);
        Assert.Contains("1 host name, 1 not UDP", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Candidates_of_a_family_that_we_lack_are_told_apart_from_none()
    {
        using var world = Silent();
        Trickle(world, 1, "candidate:1 1 udp 2122260223 2001:db8::10 50000 typ host");

        Assert.Equal(PathFinding.NothingFits, Fails(world, PeerFailure.NoCandidates, 4).Evidence!.Path);
    }

    [Theory]
    [InlineData(2.9)]
    [InlineData(0)]
    public void A_candidate_that_comes_late_begins_the_checks_anew(double after)
    {
        using var world = Silent();
        Trickle(world, after, "candidate:1 1 udp 2122260223 192.0.2.99 50000 typ host");
        var failed = Fails(world, PeerFailure.ChecksTimedOut, after + 7);

        Assert.Equal(PathFinding.NothingArrived, failed.Evidence!.Path);
        Assert.InRange(failed.Evidence.ChecksSent, 10, 20);
        Assert.Contains("1 host", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void However_many_candidates_still_come_a_path_is_waited_for_no_longer_than_twelve_seconds()
    {
        using var world = Silent();
        for (int second = 0; second < 30; second++) Trickle(world, second, $"candidate:{second} 1 udp 2122260223 192.0.2.{100 + second} 50000 typ host");

        Fails(world, PeerFailure.ChecksTimedOut, 12);
    }

    [Fact]
    public void Checks_that_arrive_and_are_answered_in_vain_are_told_apart_from_silence()
    {
        using var world = new PeerWorld();
        world.Net.Firewalls.Add(packet => packet.From == world.Caller && !IsAnswer(packet)); // one direction only, and no answers in it
        world.Accept(JointTests.WithoutCandidates(world.Offer()));
        var failed = Fails(world, PeerFailure.ChecksTimedOut, 7);

        Assert.Equal(PathFinding.NothingReturned, failed.Evidence!.Path);
        Assert.InRange(failed.Evidence.ChecksReceived, 5, 20);
        Assert.Equal(0, failed.Evidence.ChecksAnswered);
        Assert.Contains("none of our", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Checks_with_another_answers_password_are_told_apart_from_silence()
    {
        using var world = new PeerWorld();
        string answer = world.Answer(world.Offer());
        answer = Password().Replace(answer, "a=ice-pwd:somebodyElsesPassword1234");
        world.Caller.Do((peer, now) => Assert.True(peer.TryAcceptAnswer(answer, now, out string error), error));
        world.Net.Firewalls.Add(packet => packet.From == world.Server || !IsAnswer(packet));
        var failed = Fails(world, PeerFailure.ChecksTimedOut, 7);

        Assert.Equal(PathFinding.WrongCredentials, failed.Evidence!.Path);
        Assert.InRange(failed.Evidence.Dropped[DropReason.BadIntegrity], 5, 50);
    }

    [Theory]
    [InlineData(false, PeerFailure.DtlsTimedOut)]
    [InlineData(true, PeerFailure.DataChannelTimedOut)]
    public void The_whole_ends_in_time_by_the_name_of_the_stage_that_is_open(bool dtlsPasses, PeerFailure reason)
    {
        using var world = new PeerWorld(caller: Patient);
        world.Net.Firewalls.Add(packet => world.Net.Elapsed.TotalSeconds > 10 && (dtlsPasses || !LifecycleTests.IsDtls(packet)));
        world.Accept(JointTests.WithoutCandidates(world.Offer()));
        for (int second = 0; second < 10; second += 2) Trickle(world, second, $"candidate:{second} 1 udp 2122260223 192.0.2.{100 + second} 50000 typ host");

        var failed = Fails(world, reason, 15);

        Assert.Equal(dtlsPasses, failed.Evidence!.IsEncrypted);
        Assert.Contains("15 s after the answer", failed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_caller_waits_for_its_answer_no_longer_than_for_a_connection()
    {
        using var world = new PeerWorld();
        world.Offer();
        world.Run(60);

        Assert.Equal(PeerFailure.NoAnswer, world.Caller.Of<PeerEvent.Failed>().Single().Reason);
        Assert.Equal(15, world.Caller.When<PeerEvent.Failed>().TotalSeconds, 0.001);
    }

    [Fact]
    public void A_restart_before_there_is_a_path_is_a_new_attempt()
    {
        using var world = new PeerWorld();
        world.Net.Firewalls.Add(_ => world.Net.Elapsed.TotalSeconds > 10);
        world.Dial();
        world.Run(5);
        world.Restart();
        world.Run(8);

        Assert.Single(world.Server.Of<PeerEvent.ChannelOpened>());
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void A_client_that_vanishes_ends_the_call_after_consent_and_recovery_with_what_was_seen_since()
    {
        using var world = new PeerWorld().Connect();
        world.Caller.IsOff = true;
        world.Run(60);
        var failed = world.Server.Of<PeerEvent.Failed>().Single();

        Assert.Equal(PeerFailure.PathNotRecovered, failed.Reason);
        Assert.InRange(world.Server.When<PeerEvent.Failed>().TotalSeconds, 40, 50);
        Assert.Equal((0, 0), (failed.Evidence!.Datagrams, failed.Evidence.ChecksAnswered));
        Assert.InRange(failed.Evidence.ChecksSent, 5, 200);
    }

    [Fact]
    public void A_data_channel_that_stalls_in_mid_call_ends_the_call_by_name()
    {
        using var world = new PeerWorld().Connect();
        world.Net.Firewalls.Add(packet => packet.Payload[0] != 23); // DTLS application data, and checks go on
        world.Server.Do((peer, now) => Assert.True(peer.TrySendMessage(world.Channel, true, "hello"u8, now)));
        world.Run(90);

        Assert.Equal(PeerFailure.SctpFailed, world.Server.Of<PeerEvent.Failed>().Single().Reason);
        Assert.InRange(world.Server.When<PeerEvent.Failed>().TotalSeconds, 50, 70);
        Assert.True(world.Server.Machine.IsClosed);
    }

    [Theory]
    [InlineData("sendrecv", 0, true)]
    [InlineData("sendrecv", 15, true)] // what leaves before a client's clean-up
    [InlineData("sendrecv", 16, false)]
    [InlineData("sendonly", 0, true)]
    [InlineData("recvonly", 0, false)]
    public void Media_that_was_announced_and_does_not_come_is_observed_and_ends_nothing(string direction, int packets, bool observed)
    {
        using var world = new PeerWorld();
        world.Accept(world.Offer().Replace("a=sendrecv", $"a={direction}", StringComparison.Ordinal));
        world.Caller.Do((peer, now) => peer.OpenChannel("chat", now));
        world.Run(2);
        for (uint i = 0; i < packets; i++) PeerWorld.Say(world.Caller, Frame, i * 160);
        for (uint i = 0; i < 3; i++) PeerWorld.Say(world.Server, Frame, i * 160);
        world.Run(20);

        var missing = world.Server.Of<Observation.FirstMediaMissing>().ToArray();
        Assert.Equal(observed, missing.Length == 1);
        if (observed) Assert.Equal(new Observation.FirstMediaMissing(packets, direction is "sendonly" ? 0 : 3), missing[0]);
        if (observed) Assert.InRange(world.Server.When<Observation.FirstMediaMissing>().TotalSeconds, 10, 10.5);
        Assert.Empty(world.Terminal());
    }

    [Theory]
    [InlineData(0.2, 150, 0)]
    [InlineData(0.2, 150, 50)]
    public void What_can_connect_does_however_bad_the_network(double loss, double latency, double jitter)
    {
        var (connected, failed) = BadNetwork.Connect(worlds: 60, firstSeed: 1, new Link(latency, jitter, loss));

        Assert.True(failed.Count == 0, string.Join('\n', failed));
        Assert.InRange(connected[^1], 0, 12);
    }

    /// <summary>The figures of docs/decisions/0006: -explicit only -showLiveOutput.</summary>
    [Theory(Explicit = true)]
    [InlineData(0, 150)]
    [InlineData(0.1, 50)]
    [InlineData(0.2, 150)]
    [InlineData(0.3, 60)]
    [InlineData(0.3, 150)]
    public void How_long_a_connect_takes_in_five_hundred_bad_networks(double loss, double latency)
    {
        var (connected, failed) = BadNetwork.Connect(worlds: 500, firstSeed: 1_000, new Link(latency, 20, loss));

        string figures = string.Join(", ", new[] { 0.5, 0.9, 0.99, 1 }.Select(share => $"p{100 * share:0} {connected[(int)(share * (connected.Length - 1))]:0.00} s"));
        TestContext.Current.TestOutputHelper!.WriteLine($"loss {loss}, {latency} ms one way: {connected.Length} of 500 connected, {figures}");
        foreach (string why in failed) TestContext.Current.TestOutputHelper.WriteLine(why[..Math.Min(160, why.Length)]);
    }

    private static PeerConfig Patient(PeerConfig config)
    {
        var hour = TimeSpan.FromHours(1);
        return config with { Budget = new() { Candidates = hour, Checks = hour, Path = hour, Dtls = hour, Sctp = hour, Whole = hour } };
    }

    /// <summary>A server that has answered a caller of which it hears nothing more.</summary>
    private static PeerWorld Silent()
    {
        var world = new PeerWorld(caller: Patient);
        world.Net.Firewalls.Add(_ => false);
        world.Accept(JointTests.WithoutCandidates(world.Offer()));
        return world;
    }

    private static void Trickle(PeerWorld world, double after, string line)
        => world.Net.After(TimeSpan.FromSeconds(after), () => world.Server.Do((peer, now) => Assert.True(peer.AddRemoteCandidate(line, now))));

    private static PeerEvent.Failed Fails(PeerWorld world, PeerFailure reason, double seconds)
    {
        world.Run(60);
        var failed = Assert.Single(world.Server.Of<PeerEvent.Failed>());
        Assert.Equal(reason, failed.Reason);
        Assert.Equal(seconds, world.Server.When<PeerEvent.Failed>().TotalSeconds, 0.3);
        Assert.True(world.Server.Machine.IsClosed);
        Assert.Equal(0, world.ServerDtls.HandshakesInFlight);
        return failed;
    }

    private static bool IsAnswer(Packet packet) => packet.Payload is [1, 1, ..];

    [GeneratedRegex("a=ice-pwd:[^\r\n]+")]
    private static partial Regex Password();
}
