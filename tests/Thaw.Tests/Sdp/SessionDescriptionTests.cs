using Thaw.Protocol.Sdp;
using Xunit;

namespace Thaw.Tests.Sdp;

public sealed class SessionDescriptionTests
{
    [Theory, MemberData(nameof(Offers.All), MemberType = typeof(Offers))]
    public void Every_offer_parses_whatever_its_line_endings(string name)
    {
        string text = Offers.Text(name);
        var expected = Offers.Read(name);

        foreach (string variant in new[]
        {
            text.ReplaceLineEndings("\n"), text.ReplaceLineEndings("\r"), text.TrimEnd(), text + "\r\n\r\n",
            text.Replace("\r\na=mid", "\na=mid", StringComparison.Ordinal), text.Replace("\r\nm=", "\rm=", StringComparison.Ordinal),
        })
        {
            var read = Offers.Parse(variant);
            Assert.Equal(expected.Media.Select(m => (m.Mid, m.Payloads.Count, m.IceUfrag)), read.Media.Select(m => (m.Mid, m.Payloads.Count, m.IceUfrag)));
            Assert.Equal(expected.SessionVersion, read.SessionVersion);
        }
    }

    [Fact]
    public void Chromium_s_offer_is_read_whole()
    {
        var offer = Offers.Read("chromium-first");
        var audio = offer.Media[0];
        var data = offer.Media[3];

        Assert.Equal(("1515296957823105323", 2UL, false), (offer.SessionId, offer.SessionVersion, offer.IsIceLite));
        Assert.Equal(["0", "1", "2", "3"], Assert.Single(offer.BundleGroups));
        Assert.Equal([MediaKind.Audio, MediaKind.Video, MediaKind.Video, MediaKind.Application], offer.Media.Select(m => m.Kind));
        Assert.Equal([MediaDirection.SendReceive, MediaDirection.SendReceive, MediaDirection.SendOnly, MediaDirection.SendReceive],
            offer.Media.Select(m => m.Direction));

        Assert.Equal(("audio", (ushort)9, "UDP/TLS/RTP/SAVPF", true), (audio.KindName, audio.Port, audio.Protocol, audio.HasRtcpMux));
        Assert.Equal(("Pwm/", "RoyzA08VHOtcxNYo1UC9kI9l", SetupRole.ActPass), (audio.IceUfrag, audio.IcePassword, audio.Setup));
        Assert.Equal(["trickle"], audio.IceOptions);
        Assert.StartsWith("sha-256 F8:93:02:26:", audio.Fingerprint, StringComparison.Ordinal);
        Assert.Equal(new PayloadFormat(111, "opus", 48_000, 2, "minptime=10;useinbandfec=1"), audio.Payloads[0]);
        Assert.Equal([111, 63, 9, 0, 8, 13, 110, 126], audio.Payloads.Select(p => (int)p.PayloadType));
        Assert.Equal(new HeaderExtension(4, "urn:ietf:params:rtp-hdrext:sdes:mid"), audio.HeaderExtensions[3]);
        Assert.Equal("- acd99a68-bf04-4376-9660-aa8baf584278", audio.Msid);
        Assert.Equal([4_032_533_328U], audio.Ssrcs);
        Assert.Equal(2, offer.Media[1].Ssrcs.Count);

        Assert.True(data.IsDataChannel);
        Assert.Equal(((ushort?)5000, 262_144L, "webrtc-datachannel"), (data.SctpPort, data.MaxMessageSize, data.Formats[0]));
    }

    [Fact]
    public void A_gathered_offer_brings_its_candidates()
    {
        var audio = Offers.Read("chromium-gathered-srflx").Media[0];

        Assert.Equal([SdpCandidateType.Host, SdpCandidateType.Host, SdpCandidateType.ServerReflexive], audio.Candidates.Select(c => c.Type));
        Assert.Equal("10.99.0.1:49408", audio.Candidates[0].Address.ToString());
        Assert.Equal("10.99.0.1:49408", audio.Candidates[2].Related.ToString());
        Assert.False(audio.HasEndOfCandidates);
        Assert.True(Offers.Read("aiortc").Media[0].HasEndOfCandidates);
    }

    [Fact]
    public void What_the_session_level_says_holds_for_sections_that_say_nothing()
    {
        var offer = Offers.Read("session-level");

        Assert.All(offer.Media, section =>
        {
            Assert.Equal(("sess", "sessionlevelpassword0001"), (section.IceUfrag, section.IcePassword));
            Assert.Equal((SetupRole.Passive, MediaDirection.ReceiveOnly), (section.Setup, section.Direction));
            Assert.Equal(["trickle", "ice2"], section.IceOptions);
            Assert.StartsWith("SHA-256 aa:bb:", section.Fingerprint, StringComparison.Ordinal);
        });
        Assert.Equal(["PCMU", "PCMA"], offer.Media[0].Payloads.Select(p => p.Encoding));
        Assert.Equal(((ushort?)5000, 65_536L, true), (offer.Media[1].SctpPort, offer.Media[1].MaxMessageSize, offer.Media[1].IsDataChannel));
    }

    [Fact]
    public void A_section_s_own_word_beats_the_session_s()
    {
        var firefox = Offers.Read("firefox");

        Assert.Equal(MediaDirection.ReceiveOnly, firefox.Media[1].Direction);
        Assert.StartsWith("sha-256 3C:4A:", firefox.Media[2].Fingerprint, StringComparison.Ordinal);
        Assert.Equal(("5120734886921301234", 0UL), (firefox.SessionId, firefox.SessionVersion));
    }

    [Fact]
    public void The_strongest_fingerprint_is_taken_and_unknown_hashes_are_not()
    {
        var sections = Offers.Read("aiortc").Media;
        Assert.StartsWith("sha-384 ", sections[0].Fingerprint, StringComparison.Ordinal);
        Assert.StartsWith("sha-256 ", sections[1].Fingerprint, StringComparison.Ordinal);

        var weak = Offers.Parse("v=0\no=- 1 1 IN IP4 0.0.0.0\nm=audio 9 RTP/SAVPF 0\na=fingerprint:sha-1 00:11:22\na=fingerprint:md5 x\n");
        Assert.Null(weak.Media[0].Fingerprint);
    }

    [Fact]
    public void Bundled_sections_have_the_transport_of_the_group_s_first_live_section()
    {
        var offer = Offers.Read("max-bundle");

        Assert.Equal(["a", "a", "a", "a"], offer.Media.Select(m => offer.TransportOf(m).Mid));
        Assert.Equal([false, false, true, false], offer.Media.Select(m => m.IsRejected));

        var alone = Offers.Read("no-bundle");
        Assert.Equal(["alone", "other"], alone.Media.Select(m => alone.TransportOf(m).IceUfrag));
    }

    [Fact]
    public void A_group_keeps_only_mids_that_exist_and_a_mid_has_one_group()
    {
        var offer = Offers.Parse(
            "v=0\no=- 1 1 IN IP4 0.0.0.0\na=group:LS 0\na=group:BUNDLE x 0\na=group:BUNDLE 0 1\nm=audio 9 RTP/SAVPF 0\na=mid:0\nm=audio 9 RTP/SAVPF 0\na=mid:1\n");

        Assert.Equal(["0", "1"], offer.BundleGroups.Select(group => string.Join(' ', group)));
    }

    [Fact]
    public void A_malformed_candidate_costs_a_path_and_not_the_offer()
    {
        string text = Offers.Text("aiortc").Replace("2130706431 192.0.2.10", "high 192.0.2.10", StringComparison.Ordinal);
        var audio = Offers.Parse(text).Media[0];

        Assert.Equal((1, 1), (audio.IgnoredCandidates, audio.Candidates.Count));
    }

    [Fact]
    public void Nothing_prints_a_password()
    {
        var offer = Offers.Read("chromium-first");
        string printed = $"{offer}{offer.Media[0]}{Ours.Answer}{Ours.Transport}";

        Assert.DoesNotContain(offer.Media[0].IcePassword!, printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Ours.Transport.Password, printed, StringComparison.Ordinal);
    }
}
