using CsCheck;
using Thaw.Net;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class StunPeekTests
{
    // RFC 5769 §2.1, up to and including USERNAME "evtj:h6vY" and its padding.
    private static readonly byte[] Request = Convert.FromHexString(
        "000100582112a442b7e7a701bc34d686fa87dfae"
        + "802200105354554e207465737420636c69656e74"
        + "002400046e0001ff"
        + "80290008932ff9b151263b36"
        + "000600096576746a3a68367659202020");

    [Fact]
    public void The_part_before_the_colon_is_ours() // RFC 8445 §7.2.2
    {
        Assert.True(StunPeek.TryReadLocalUfrag(Request, out var ufrag));
        Assert.Equal("evtj"u8, ufrag);
    }

    [Fact]
    public void No_cut_and_no_flipped_byte_throws()
        => Gen.Select(Gen.Int[0, Request.Length], Gen.Int[0, Request.Length - 1], Gen.Byte).Sample((length, at, value) =>
        {
            byte[] bent = [.. Request];
            bent[at] = value;
            if (StunPeek.TryReadLocalUfrag(bent.AsSpan(0, length), out var ufrag)) Assert.True(ufrag.Length > 0);
        });
}
