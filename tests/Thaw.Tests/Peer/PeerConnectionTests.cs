using System.Text;
using System.Text.RegularExpressions;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

public sealed partial class PeerConnectionTests
{
    private static readonly byte[] Frame = [.. Enumerable.Range(0, 160).Select(i => (byte)i)];

    [Theory]
    [InlineData(DtlsRole.Client)]
    [InlineData(DtlsRole.Server)]
    public void A_call_connects_in_few_round_trips_whoever_is_the_DTLS_client(DtlsRole serverIs)
    {
        using var world = new PeerWorld(server: config => config with { DtlsRole = serverIs }).Connect();

        Assert.Equal("chat", world.Server.Of<PeerEvent.ChannelOpened>().Single().Label);
        Assert.Equal(serverIs is DtlsRole.Client ? 1 : 0, world.Channel % 2); // RFC 8832 §6: the DTLS server's channels are odd
        // Round trips of 40 ms: ICE 1, DTLS 2, SCTP with the channel on board 1.5 to 2.
        Assert.InRange(world.Net.Elapsed.TotalMilliseconds, 160, 220);
    }

    [Fact]
    public void Audio_and_messages_arrive_both_ways_as_they_were_sent()
    {
        using var world = new PeerWorld().Connect();
        PeerWorld.Say(world.Caller, [1, 2, 3], 0);
        PeerWorld.Say(world.Caller, Frame, 960);
        PeerWorld.Say(world.Server, [.. Frame.Reverse()], 1920);
        byte[] large = new byte[16_384];
        world.Net.NewRandom().GetBytes(large);
        world.Caller.Do((peer, now) => Assert.True(peer.TrySendMessage(world.Channel, true, "hello"u8, now)));
        world.Server.Do((peer, now) => Assert.True(peer.TrySendMessage(world.Channel, false, large, now)));
        world.Run(1);

        Assert.Equal([[1, 2, 3], Frame], PeerWorld.Heard(world.Server));
        Assert.Equal([.. Frame.Reverse()], Assert.Single(PeerWorld.Heard(world.Caller)));
        var packets = world.Server.Seen.Where(s => s.Kind == OutputKind.Media).Select(s => s.Packet).ToArray();
        Assert.Equal(960u, packets[1].Timestamp - packets[0].Timestamp); // the first is random, RFC 3550 §5.1
        var hello = world.Server.Of<PeerEvent.ChannelMessage>().Single();
        Assert.True(hello.IsText);
        Assert.Equal("hello", Encoding.UTF8.GetString(hello.Data));
        Assert.Equal(large, world.Caller.Of<PeerEvent.ChannelMessage>().Single().Data);
    }

    [Fact]
    public void Nothing_answers_the_calls_path_so_the_attempt_ends_with_the_name_of_the_stage()
    {
        using var world = new PeerWorld();
        world.Net.Firewalls.Add(_ => false);
        world.Dial();
        world.Run(60);

        var failed = world.Server.Of<PeerEvent.Failed>().Single();
        Assert.Equal(PeerFailure.ChecksTimedOut, failed.Reason);
        Assert.Equal(7, world.Server.When<PeerEvent.Failed>().TotalSeconds, 0.001);
        Assert.True(world.Server.Machine.IsClosed);
    }

    [Fact]
    public void A_path_that_eats_DTLS_ends_the_attempt_at_the_DTLS_deadline()
    {
        using var world = new PeerWorld();
        world.Net.Firewalls.Add(packet => packet.Payload[0] is < 20 or > 63);
        world.Dial();
        world.Run(60);

        Assert.Equal(PeerFailure.DtlsTimedOut, world.Server.Of<PeerEvent.Failed>().Single().Reason);
        Assert.InRange(world.Server.When<PeerEvent.Failed>().TotalSeconds, 8, 8.2);
    }

    [Fact]
    public void A_caller_that_never_opens_its_channel_is_not_waited_for_without_end()
    {
        using var world = new PeerWorld(caller: config => config with { Budget = new() { Sctp = TimeSpan.FromHours(1), Whole = TimeSpan.FromHours(1) } });
        world.Accept(world.Offer());
        world.Run(60);

        Assert.Equal(PeerFailure.DataChannelTimedOut, world.Server.Of<PeerEvent.Failed>().Single().Reason);
        Assert.InRange(world.Server.When<PeerEvent.Failed>().TotalSeconds, 8, 8.5);
    }

    [Fact]
    public void A_certificate_that_the_offer_did_not_announce_is_refused()
    {
        using var world = new PeerWorld();
        string offer = world.Offer();
        string forged = FingerprintLine().Replace(offer, line => line.Value[..^2] + (line.Value.EndsWith("00", StringComparison.Ordinal) ? "01" : "00"));
        string answer = world.Answer(forged);
        world.Caller.Do((peer, now) => peer.TryAcceptAnswer(answer, now, out _));
        world.Run(20);

        Assert.Equal(PeerFailure.DtlsFailed, world.Server.Of<PeerEvent.Failed>().Single().Reason);
        Assert.Empty(world.Server.Of<PeerEvent.Connected>());
    }

    [Fact]
    public void A_lossy_path_connects_too()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            using var world = new PeerWorld(seed);
            world.Net.DefaultLink = new Link(LatencyMs: 30, JitterMs: 20, Loss: 0.2, Duplication: 0.05);
            world.Connect();
        }
    }

    [Fact]
    public void Goodbye_reaches_the_other_side_at_once()
    {
        using var world = new PeerWorld().Connect();
        world.Server.Do((peer, now) => peer.Close(now));
        Assert.True(world.Server.Machine.IsClosed);
        world.Run(0.1);

        Assert.Single(world.Caller.Of<PeerEvent.Closed>());
        Assert.True(world.Caller.Machine.IsClosed);
        Assert.Empty(world.Caller.Of<PeerEvent.Failed>());
    }

    [Fact]
    public void A_path_that_is_cut_is_noticed_and_one_that_comes_back_is_used_again()
    {
        using var world = new PeerWorld().Connect();
        bool cut = true;
        world.Net.Firewalls.Add(_ => !cut);
        world.Run(32);
        Assert.Single(world.Server.Of<PeerEvent.PathLost>());

        cut = false;
        world.Run(10);
        world.Caller.Do((peer, now) => peer.TrySendMessage(world.Channel, true, "back"u8, now));
        world.Run(10);
        Assert.Empty(world.Server.Of<PeerEvent.Failed>());
        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
    }

    [Fact]
    public void A_path_that_stays_cut_ends_the_call_by_name()
    {
        using var world = new PeerWorld().Connect();
        world.Net.Firewalls.Add(_ => false);
        world.Run(60);

        Assert.Equal(PeerFailure.PathNotRecovered, world.Server.Of<PeerEvent.Failed>().Single().Reason);
        Assert.InRange((world.Server.When<PeerEvent.Failed>() - world.Server.When<PeerEvent.PathLost>()).TotalSeconds, 14.9, 15.1);
    }

    [Fact]
    public void The_same_offer_again_changes_nothing_but_the_answers_version()
    {
        using var world = new PeerWorld();
        string offer = world.Offer(), first = world.Answer(offer), second = world.Answer(offer);

        string[] was = first.Split("\r\n"), now = second.Split("\r\n");
        Assert.Equal("o=- ", was[1][..4]);
        Assert.NotEqual(was[1], now[1]);
        Assert.Equal(was.Where((_, i) => i != 1), now.Where((_, i) => i != 1));
    }

    [Theory]
    [InlineData("", OfferRefusal.MalformedSdp)]
    [InlineData("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", OfferRefusal.NothingToAnswer)]
    public void An_offer_that_cannot_be_answered_is_refused_in_words(string offer, OfferRefusal expected)
    {
        using var world = new PeerWorld();
        var refused = Assert.IsType<OfferOutcome.Refused>(world.Server.Machine.Accept(offer, world.Net.Now));
        Assert.Equal(expected, refused.Reason);
        Assert.NotEmpty(refused.Detail);
    }

    [Fact]
    public void A_server_without_an_address_refuses_instead_of_letting_the_browser_wait()
    {
        using var world = new PeerWorld();
        using var bare = new PeerConnection(new PeerConfig { Dtls = new StubDtls() }, [], "x", new SeededRandom(1), world.Net.Now);
        var refused = Assert.IsType<OfferOutcome.Refused>(bare.Accept(world.Offer(), world.Net.Now));
        Assert.Equal(OfferRefusal.NoLocalCandidate, refused.Reason);
    }

    [Fact]
    public void Garbage_from_the_callers_own_address_does_not_disturb_the_call()
    {
        using var world = new PeerWorld().Connect();
        var random = new Random(7);
        for (int i = 0; i < 3_000; i++)
        {
            byte[] junk = new byte[random.Next(0, 1400)];
            random.NextBytes(junk);
            if (junk.Length > 0 && i % 3 != 0) junk[0] = (byte)(i % 3 == 1 ? random.Next(20, 64) : random.Next(128, 192));
            world.Server.Deliver(world.Caller.Addresses[0], world.Server.Addresses[0], junk);
        }

        PeerWorld.Say(world.Caller, Frame, 160);
        world.Caller.Do((peer, now) => peer.TrySendMessage(world.Channel, true, "still here"u8, now));
        world.Run(1);

        Assert.Single(PeerWorld.Heard(world.Server));
        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
        Assert.Empty(world.Server.Of<PeerEvent.Failed>());
        Assert.True(world.Server.Of<Observation.DatagramDropped>().Count() > 2_000);
    }

    [GeneratedRegex("sha-256 [0-9A-F:]+")]
    private static partial Regex FingerprintLine();

    private sealed class StubDtls : IDtlsEngineFactory
    {
        public CertificateFingerprint LocalFingerprint { get; } = CertificateFingerprint.Sha256Of([1]);

        public IDtlsEngine Create(DtlsParameters parameters) => throw new NotSupportedException();
    }
}
