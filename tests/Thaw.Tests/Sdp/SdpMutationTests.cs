using System.Diagnostics;
using System.Text;
using Thaw.Fuzz.Targets;
using Thaw.Tests.Fuzzing;
using Xunit;

namespace Thaw.Tests.Sdp;

public sealed class SdpMutationTests
{
    [Theory, MemberData(nameof(Offers.All), MemberType = typeof(Offers))]
    public void A_damaged_offer_is_refused_or_answered_and_never_throws(string name)
    {
        byte[] offer = Encoding.UTF8.GetBytes(Offers.Text(name));
        var mutations = new Mutations(number: 1);

        for (int i = 0; i < 50; i++) SdpTarget.Run(mutations.Mutate(offer, [offer]));
    }

    [Fact]
    public void Cut_anywhere_an_offer_is_refused_or_answered()
    {
        byte[] offer = Encoding.UTF8.GetBytes(Offers.Text("firefox"));
        for (int length = 0; length < offer.Length; length += 3) SdpTarget.Run(offer.AsSpan(0, length));
    }

    [Theory]
    [InlineData("a=group:BUNDLE", " 0")]
    [InlineData("a=ice-options:", "x ")]
    [InlineData("m=audio 9 RTP/SAVPF 0\n", "a=ssrc:1\n")]
    [InlineData("m=audio 9 RTP/SAVPF 0\n", "\n\r")]
    [InlineData("", "m=audio 9 RTP/SAVPF 0 8 9\na=rtcp-mux\n")]
    public void The_longest_text_of_one_kind_is_done_in_no_time(string head, string repeated)
    {
        string sdp = "v=0\no=- 1 1 IN IP4 0.0.0.0\n" + head;
        sdp += string.Concat(Enumerable.Repeat(repeated, (256 * 1024 - sdp.Length) / repeated.Length));
        byte[] input = Encoding.UTF8.GetBytes(sdp);

        long started = Stopwatch.GetTimestamp();
        SdpTarget.Run(input);
        // Linear is a few ms and quadratic minutes; the bound leaves room for a machine with other things to do.
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5), "Some list is searched for every one of its members.");
    }
}
