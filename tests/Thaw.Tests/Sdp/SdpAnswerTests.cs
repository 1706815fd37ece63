using Thaw.Protocol.Sdp;
using Xunit;

namespace Thaw.Tests.Sdp;

public sealed class SdpAnswerTests
{
    [Theory, MemberData(nameof(Offers.All), MemberType = typeof(Offers))]
    public void Every_offer_is_answered_as_recorded(string name)
    {
        string path = Repository.PathOf("tests", "Thaw.Tests", "Sdp", "Answers", name + ".sdp");
        string answer = SdpAnswer.Write(Offers.Read(name), Ours.Answer);

        if (Environment.GetEnvironmentVariable("THAW_ACCEPT") is not null) File.WriteAllText(path, answer.ReplaceLineEndings("\n"));
        Assert.True(File.Exists(path), $"No recorded answer {name}.sdp: read what THAW_ACCEPT=1 writes, then commit it.");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\r\n"), answer);
    }

    [Fact]
    public void Chromium_s_video_is_answered_inactive_and_never_on_port_0()
    {
        var answer = Answer(Offers.Read("chromium-first"));

        Assert.Equal([9, 9, 9, 9], answer.Media.Select(m => (int)m.Port));
        Assert.Equal([MediaDirection.SendReceive, MediaDirection.Inactive, MediaDirection.Inactive, MediaDirection.SendReceive],
            answer.Media.Select(m => m.Direction));
        Assert.Equal(["0", "1", "2", "3"], Assert.Single(answer.BundleGroups));
        Assert.All(answer.Media, section => Assert.Single(section.Formats));
    }

    [Fact]
    public void Every_carried_section_brings_all_candidates_and_their_end()
        => Assert.All(Answer(Offers.Read("firefox")).Media, section =>
        {
            Assert.Equal(Ours.Transport.Candidates, section.Candidates);
            Assert.True(section.HasEndOfCandidates);
            Assert.Equal((Ours.Transport.Ufrag, Ours.Transport.Password), (section.IceUfrag, section.IcePassword));
        });

    [Theory]
    [InlineData("opus,PCMU,PCMA", 111, "opus", 48_000, 2)]
    [InlineData("PCMA,opus", 8, "PCMA", 8_000, 1)]
    [InlineData("L16,pcmu", 0, "pcmu", 8_000, 1)]
    public void The_caller_s_first_preference_that_is_offered_is_chosen(string preferences, int payloadType, string codec, int rate, int channels)
    {
        var choice = AudioSelection.Choose(Offers.Read("chromium-first"), preferences.Split(','));
        Assert.Equal((0, (byte)payloadType, codec, rate, channels), (choice!.Section, choice.PayloadType, choice.Codec, choice.ClockRate, choice.Channels));
    }

    [Fact]
    public void Opus_that_is_not_48000_2_is_not_opus()
        => Assert.Null(AudioSelection.Choose(
            Offers.Parse(Offers.Text("audio-only").Replace("opus/48000/2", "opus/48000", StringComparison.Ordinal)), ["opus"]));

    [Fact]
    public void The_first_audio_section_that_we_speak_is_taken_and_the_other_is_inactive()
    {
        var offer = Offers.Parse(
            Offers.Text("audio-only").Replace("opus/48000/2", "G729/8000", StringComparison.Ordinal)
                .Replace("t=0 0", "t=0 0\r\na=group:BUNDLE x y", StringComparison.Ordinal)
                .Replace("a=rtcp-mux", "a=mid:x\r\na=rtcp-mux", StringComparison.Ordinal)
            + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:y\r\na=rtcp-mux\r\n");
        var answer = Answer(offer);

        Assert.Equal(1, AnswerPlan.For(offer, ["opus", "PCMU"]).Audio!.Section);
        Assert.Equal([MediaDirection.Inactive, MediaDirection.SendReceive], answer.Media.Select(m => m.Direction));
        Assert.Equal(["111", "0"], answer.Media.Select(m => m.Formats[0]));
    }

    [Theory]
    [InlineData("a=sendrecv", MediaDirection.SendReceive, true)]
    [InlineData("a=recvonly", MediaDirection.SendOnly, true)]
    [InlineData("a=sendonly", MediaDirection.ReceiveOnly, false)]
    [InlineData("a=inactive", MediaDirection.Inactive, false)]
    public void The_direction_is_reflected_and_a_track_is_named_where_we_send(string offered, MediaDirection answered, bool hasTrack)
    {
        var audio = Answer(Offers.Parse(Offers.Text("audio-only") + offered)).Media[0];

        Assert.Equal(answered, audio.Direction);
        Assert.Equal(hasTrack ? "stream track" : null, audio.Msid);
        Assert.Equal(hasTrack ? [Ours.Track.Ssrc] : [], audio.Ssrcs);
    }

    [Theory]
    [InlineData("a=setup:actpass", SetupRole.Active, SetupRole.Active)]
    [InlineData("a=setup:actpass", SetupRole.Passive, SetupRole.Passive)]
    [InlineData("a=setup:active", SetupRole.Active, SetupRole.Passive)]
    [InlineData("a=setup:passive", SetupRole.Passive, SetupRole.Active)]
    [InlineData("", SetupRole.Active, SetupRole.Passive)]
    public void The_offer_s_setup_wins_over_our_preference(string offered, SetupRole preferred, SetupRole answered)
        => Assert.Equal(answered, Answer(Offers.Parse(Offers.Text("audio-only") + offered), Ours.Answer with { Setup = preferred }).Media[0].Setup);

    [Fact]
    public void Bundle_only_sections_are_taken_and_rejected_ones_stay_rejected()
    {
        var answer = Answer(Offers.Read("max-bundle"));

        Assert.Equal([9, 9, 0, 9], answer.Media.Select(m => (int)m.Port));
        Assert.Equal(["a", "b", "d"], Assert.Single(answer.BundleGroups));
        Assert.Equal(["a", "b", "c", "d"], answer.Media.Select(m => m.Mid));
        Assert.Equal("VP8", answer.Media[1].Payloads[0].Encoding); // rtx alone would be no codec
    }

    [Fact]
    public void Without_bundle_one_section_has_the_transport_and_the_rest_is_rejected()
    {
        var offer = Offers.Read("no-bundle");
        var plan = AnswerPlan.For(offer, ["PCMA"]);
        var answer = Answer(offer);

        Assert.Equal("alone", plan.Transport!.IceUfrag);
        Assert.Null(plan.Application);
        Assert.Equal([9, 0], answer.Media.Select(m => (int)m.Port));
        Assert.Empty(answer.BundleGroups);
    }

    [Fact]
    public void An_offer_of_data_alone_is_answered_without_audio()
    {
        var plan = AnswerPlan.For(Offers.Read("data-only"), ["opus"]);

        Assert.Null(plan.Audio);
        Assert.Equal("data", plan.Transport!.IceUfrag);
        Assert.Equal((ushort)5000, Answer(Offers.Read("data-only")).Media[0].SctpPort);
    }

    [Fact]
    public void Who_writes_sctpmap_reads_sctpmap()
    {
        var data = Answer(Offers.Read("session-level")).Media[1];
        Assert.Equal(("5000", (ushort?)5000, "DTLS/SCTP"), (data.Formats[0], data.SctpPort, data.Protocol));
    }

    [Fact]
    public void An_answer_without_a_candidate_is_a_bug()
        => Assert.Throws<ArgumentException>(() => SdpAnswer.Write(
            Offers.Read("chromium-first"), Ours.Answer with { Transport = Ours.Transport with { Candidates = [] } }));

    [Theory]
    [InlineData("")]
    [InlineData("m=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 G729/8000\r\na=rtcp-mux\r\n")]
    [InlineData("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n")] // no rtcp-mux
    [InlineData("m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n")]
    [InlineData("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\na=rtcp-mux\r\n")]
    [InlineData("m=application 9 TCP/BFCP x\r\n")]
    public void An_offer_with_nothing_for_us_has_no_plan_and_answering_it_is_a_bug(string sections)
    {
        var offer = Offers.Parse("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n" + sections);

        Assert.Null(AnswerPlan.For(offer, ["opus", "PCMU"]).Transport);
        Assert.Throws<ArgumentException>(() => SdpAnswer.Write(offer, Ours.Answer));
    }

    private static SessionDescription Answer(SessionDescription offer, AnswerParameters? parameters = null)
        => Offers.Parse(SdpAnswer.Write(offer, parameters ?? Ours.Answer));
}
