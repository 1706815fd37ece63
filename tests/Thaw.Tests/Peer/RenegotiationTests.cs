using System.Text.RegularExpressions;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>A second offer on a connection: ICE restarts, sections that come and go, and what must be refused.</summary>
public sealed partial class RenegotiationTests
{
    private static readonly byte[] Frame = [.. Enumerable.Range(0, 160).Select(i => (byte)i)];

    [Fact]
    public void Media_and_messages_go_on_through_an_ICE_restart()
    {
        using var world = new PeerWorld().Connect();
        world.Restart();
        for (int i = 0; i < 50; i++)
        {
            PeerWorld.Say(world.Caller, Frame, (uint)(160 * i));
            if (i % 10 == 0) world.Say("still here");
            world.Run(0.02);
        }

        world.Run(40); // the old generation has said farewell by then
        world.Say("afterwards");
        world.Run(1);

        Assert.Equal(50, PeerWorld.Heard(world.Server).Count());
        Assert.Equal(6, world.Server.Of<PeerEvent.ChannelMessage>().Count());
        Assert.Equal(2, world.Server.Of<PeerEvent.PathSelected>().Count());
        Assert.Single(world.Server.Of<PeerEvent.Connected>());
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void A_restart_finds_the_path_again_after_the_callers_address_has_changed()
    {
        using var world = new PeerWorld().Connect();
        var roamed = PeerWorld.Address("203.0.113.77", 61_000);
        Simulation.Move(world.Caller, world.Net.Behind(new Nat(roamed, Dependence.AddressAndPortDependent, Dependence.AddressAndPortDependent)));
        world.Restart();
        world.Run(2);
        world.Say("from elsewhere");
        PeerWorld.Say(world.Server, Frame, 0);
        world.Run(1);

        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
        Assert.Single(PeerWorld.Heard(world.Caller));
        Assert.True(world.Server.Of<PeerEvent.PathSelected>().Last().Remote.Address.SameAddress(roamed));
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void A_path_that_was_lost_comes_back_by_restart_within_the_recovery_deadline()
    {
        using var world = new PeerWorld().Connect();
        bool cut = true;
        world.Net.Firewalls.Add(_ => !cut);
        world.Run(32);
        Assert.Single(world.Server.Of<PeerEvent.PathLost>());
        world.Say("kept for you");

        cut = false;
        world.Restart();
        world.Run(5);

        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
        world.Run(60);
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void A_restart_that_leads_nowhere_does_not_end_a_call_whose_old_path_works()
    {
        using var world = new PeerWorld().Connect();
        string offer = CredentialLine().Replace(world.Offer(), line => line.Value[..^4] + "none"); // nobody has these
        world.Answer(offer);
        for (int i = 0; i < 60; i++)
        {
            world.Run(1);
            PeerWorld.Say(world.Caller, Frame, (uint)(8000 * i));
        }

        Assert.Equal(60, PeerWorld.Heard(world.Server).Count() + 1); // the last is on its way
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void A_data_channel_section_that_comes_second_gets_its_channel()
    {
        using var world = new PeerWorld();
        string offer = world.Offer();
        world.Accept(Sections(offer, audio: true, data: false));
        world.Net.RunUntil(() => world.Server.Of<PeerEvent.Connected>().Any(), TimeSpan.FromSeconds(5));
        world.Run(20);
        Assert.Empty(world.Terminal()); // nothing waits for a channel that nobody offered

        world.Accept(offer);
        world.Caller.Do((peer, now) => peer.OpenChannel("late", now));
        world.Run(2);

        Assert.Equal("late", world.Server.Of<PeerEvent.ChannelOpened>().Single().Label);
    }

    [Fact]
    public void A_data_channel_section_that_comes_second_has_a_deadline_too()
    {
        using var world = new PeerWorld();
        string offer = world.Offer();
        world.Accept(Sections(offer, audio: true, data: false));
        world.Run(20);
        world.Answer(offer);
        world.Run(20);

        Assert.Equal(PeerFailure.DataChannelTimedOut, world.Server.Of<PeerEvent.Failed>().Single().Reason);
        Assert.InRange(world.Server.When<PeerEvent.Failed>().TotalSeconds, 28, 28.1);
    }

    [Fact]
    public void A_data_channel_section_that_is_taken_away_does_not_take_the_call_with_it()
    {
        using var world = new PeerWorld().Connect();
        world.Accept(Sections(world.Offer(), audio: true, data: false));
        world.Run(180); // far longer than SCTP would go on asking

        PeerWorld.Say(world.Caller, Frame, 0);
        world.Run(1);
        Assert.Single(PeerWorld.Heard(world.Server));
        Assert.Empty(world.Terminal());
    }

    [Fact]
    public void Audio_that_comes_second_is_heard_and_audio_that_is_taken_away_falls_silent()
    {
        using var world = new PeerWorld();
        string offer = world.Offer();
        world.Accept(Sections(offer, audio: false, data: true));
        world.Caller.Do((peer, now) => peer.OpenChannel("chat", now));
        world.Run(2);
        Assert.Single(world.Server.Of<PeerEvent.ChannelOpened>());
        Assert.Null(world.Server.Machine.Audio);

        world.Accept(offer);
        PeerWorld.Say(world.Server, Frame, 0);
        world.Run(1);
        Assert.Single(PeerWorld.Heard(world.Caller));

        world.Answer(Sections(offer, audio: false, data: true));
        Assert.Null(world.Server.Machine.Audio);
        PeerWorld.Say(world.Server, Frame, 160);
        world.Run(1);
        Assert.Single(PeerWorld.Heard(world.Caller));
    }

    [Theory]
    [InlineData("sendonly", 0)]
    [InlineData("inactive", 0)]
    [InlineData("recvonly", 1)]
    [InlineData("sendrecv", 1)]
    public void We_send_audio_only_where_the_offer_wants_to_receive_it(string direction, int heard)
    {
        using var world = new PeerWorld();
        world.Accept(world.Offer().Replace("a=sendrecv", $"a={direction}", StringComparison.Ordinal));
        world.Run(2);
        PeerWorld.Say(world.Server, Frame, 0);
        world.Run(1);

        Assert.Equal(heard, PeerWorld.Heard(world.Caller).Count());
    }

    [Fact]
    public void Another_certificate_is_refused_and_the_call_goes_on()
    {
        using var world = new PeerWorld().Connect();
        string forged = Fingerprint().Replace(world.Offer(), line => line.Value[..^2] + (line.Value.EndsWith("00", StringComparison.Ordinal) ? "01" : "00"));
        world.Server.Do((peer, now) =>
            Assert.Equal(OfferRefusal.FingerprintChanged, Assert.IsType<OfferOutcome.Refused>(peer.Accept(forged, now)).Reason));
        world.Say("undisturbed");
        PeerWorld.Say(world.Caller, Frame, 0);
        world.Run(1);

        Assert.Single(world.Server.Of<PeerEvent.ChannelMessage>());
        Assert.Single(PeerWorld.Heard(world.Server));
    }

    [Theory]
    [InlineData("active", "passive")]
    [InlineData("passive", "active")]
    [InlineData("actpass", "passive")]
    public void The_DTLS_roles_of_the_first_answer_are_those_of_every_later_one(string first, string ours)
    {
        using var world = new PeerWorld();
        string offer = world.Offer();
        string answer = world.Answer(Setup(offer, first));
        Assert.Contains($"a=setup:{ours}", answer, StringComparison.Ordinal);

        Assert.Contains($"a=setup:{ours}", world.Answer(Setup(offer, "actpass")), StringComparison.Ordinal);
        string contrary = Setup(offer, ours);
        world.Server.Do((peer, now) =>
            Assert.Equal(OfferRefusal.DtlsRoleChanged, Assert.IsType<OfferOutcome.Refused>(peer.Accept(contrary, now)).Reason));
    }

    [Fact]
    public void An_answer_that_changes_credentials_unasked_is_refused_in_words()
    {
        using var world = new PeerWorld();
        string answer = world.Answer(world.Offer());
        world.Caller.Do((peer, now) => Assert.True(peer.TryAcceptAnswer(answer, now, out _)));
        string other = CredentialLine().Replace(answer, line => line.Value[..^4] + "none");
        world.Caller.Do((peer, now) =>
        {
            Assert.False(peer.TryAcceptAnswer(other, now, out string error));
            Assert.NotEmpty(error);
            Assert.True(peer.TryAcceptAnswer(answer, now, out _));
        });
    }

    private static string Setup(string offer, string role) => offer.Replace("a=setup:actpass", $"a=setup:{role}", StringComparison.Ordinal);

    /// <summary>Disables sections as a browser does: port 0, out of the bundle (RFC 8829 §5.2.2).</summary>
    internal static string Sections(string offer, bool audio, bool data)
    {
        if (!audio) offer = offer.Replace("m=audio 9", "m=audio 0", StringComparison.Ordinal);
        if (!data) offer = offer.Replace("m=application 9", "m=application 0", StringComparison.Ordinal);
        string mids = (audio, data) switch { (true, true) => "0 1", (true, false) => "0", _ => "1" };
        return offer.Replace("a=group:BUNDLE 0 1", $"a=group:BUNDLE {mids}", StringComparison.Ordinal);
    }

    [GeneratedRegex("sha-256 [0-9A-F:]+")]
    private static partial Regex Fingerprint();

    [GeneratedRegex("a=ice-(ufrag|pwd):[A-Za-z0-9+/]+")]
    private static partial Regex CredentialLine();
}
