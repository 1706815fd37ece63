using Thaw.Protocol.Sdp;
using Xunit;

namespace Thaw.Tests.Sdp;

public sealed class SdpOfferTests
{
    private static readonly OfferParameters Parameters = new() { Origin = new(1, 2), Transport = Ours.Transport, Track = Ours.Track };

    [Fact]
    public void Our_offer_is_one_audio_section_and_one_for_data_bundled()
    {
        var offer = Offers.Parse(SdpOffer.Write(Parameters));

        Assert.Equal(("1", 2UL), (offer.SessionId, offer.SessionVersion));
        Assert.Equal(["0", "1"], Assert.Single(offer.BundleGroups));
        Assert.Equal(["111", "0", "8"], offer.Media[0].Formats);
        Assert.Equal(["opus", "PCMU", "PCMA"], offer.Media[0].Payloads.Select(p => p.Encoding));
        Assert.Equal((MediaDirection.SendReceive, "stream track", true), (offer.Media[0].Direction, offer.Media[0].Msid, offer.Media[0].HasRtcpMux));
        Assert.True(offer.Media[1].IsDataChannel);
        Assert.All(offer.Media, section =>
        {
            Assert.Equal((SetupRole.ActPass, Ours.Transport.Fingerprint), (section.Setup, section.Fingerprint));
            Assert.Equal(Ours.Transport.Candidates, section.Candidates);
        });
    }

    [Fact]
    public void Our_own_answer_to_it_agrees_on_everything()
    {
        var offer = Offers.Parse(SdpOffer.Write(Parameters));
        var answer = Offers.Parse(SdpAnswer.Write(offer, Ours.Answer));

        Assert.Equal(111, AudioSelection.Choose(answer, ["opus"])!.PayloadType);
        Assert.Equal([SetupRole.Active, SetupRole.Active], answer.Media.Select(m => m.Setup));
        Assert.Equal(65_536, answer.Media[1].MaxMessageSize);
    }

    [Fact]
    public void An_offer_without_a_candidate_or_with_an_unknown_codec_is_a_bug()
    {
        Assert.Throws<ArgumentException>(() => SdpOffer.Write(Parameters with { Transport = Ours.Transport with { Candidates = [] } }));
        Assert.Throws<ArgumentException>(() => SdpOffer.Write(Parameters with { AudioCodecs = ["G729"] }));
    }
}
