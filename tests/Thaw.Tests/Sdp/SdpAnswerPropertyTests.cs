using CsCheck;
using Thaw.Protocol.Sdp;
using Xunit;

namespace Thaw.Tests.Sdp;

public sealed class SdpAnswerPropertyTests
{
    private sealed record Section(string Kind, int Port, bool IsBundled, bool IsBundleOnly, bool HasMid, bool HasMux, string Direction);

    private static readonly Gen<Section> Sections = Gen.Select(
        Gen.OneOf("audio", "audio", "video", "application", "text"), Gen.OneOf(9, 9, 9, 0, 50_000), Gen.Bool, Gen.Bool, Gen.Bool,
        Gen.Frequency((9, true), (1, false)), Gen.OneOf("sendrecv", "sendonly", "recvonly", "inactive"),
        (kind, port, bundled, only, mid, mux, direction) => new Section(kind, port, bundled, only && bundled, mid || bundled, mux, direction));

    [Fact]
    public void Every_answer_mirrors_its_offer()
        => Sections.Array[1, 12].Sample(sections =>
        {
            var offer = Offers.Parse(Write(sections));
            var plan = AnswerPlan.For(offer, ["opus", "PCMU"]);
            if (plan.Transport is null) return;

            var answer = Offers.Parse(SdpAnswer.Write(offer, Ours.Answer));

            Assert.Equal(offer.Media.Select(m => (m.KindName, m.Mid, m.Protocol)), answer.Media.Select(m => (m.KindName, m.Mid, m.Protocol)));
            Assert.All(offer.Media.Zip(answer.Media), pair =>
            {
                Assert.Contains(pair.Second.Formats[0], pair.First.Formats);
                if (pair.First.IsRejected) Assert.True(pair.Second.IsRejected);
                if (!pair.Second.IsRejected) Assert.NotEmpty(pair.Second.Candidates);
            });

            Assert.Equal(plan.Audio?.Section, AudioSelection.Choose(answer, ["opus", "PCMU"]) is { } audio ? audio.Section : null);
            var live = answer.Media.Where(m => !m.IsRejected).ToArray();
            Assert.NotEmpty(live);
            if (answer.BundleGroups is [var group]) Assert.Equal(live.Select(m => m.Mid), group);
            else Assert.Single(live); // one transport carries one section, unless they are bundled
        }, iter: 500);

    private static string Write(Section[] sections)
    {
        var lines = new List<string> { "v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0" };
        var bundled = sections.Index().Where(s => s.Item.IsBundled).Select(s => s.Index);
        if (bundled.Any()) lines.Add($"a=group:BUNDLE {string.Join(' ', bundled)}");

        foreach (var (index, section) in sections.Index())
        {
            string protocol = section.Kind == "application" ? "UDP/DTLS/SCTP" : "UDP/TLS/RTP/SAVPF";
            string formats = section.Kind == "application" ? "webrtc-datachannel" : "97 96 0";
            lines.Add($"m={section.Kind} {(section.IsBundleOnly ? 0 : section.Port)} {protocol} {formats}");
            lines.Add($"a={section.Direction}");
            if (section.HasMid) lines.Add($"a=mid:{index}");
            if (section.IsBundleOnly) lines.Add("a=bundle-only");
            if (section.HasMux) lines.Add("a=rtcp-mux");
            lines.Add("a=rtpmap:97 rtx/90000");
            lines.Add(section.Kind == "audio" ? "a=rtpmap:96 opus/48000/2" : "a=rtpmap:96 VP8/90000");
        }

        return string.Join("\r\n", lines);
    }
}
