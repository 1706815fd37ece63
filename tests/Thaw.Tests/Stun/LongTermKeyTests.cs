using Thaw.Protocol.Stun;
using Xunit;

namespace Thaw.Tests.Stun;

public sealed class LongTermKeyTests
{
    [Fact]
    public void The_MD5_key_is_that_of_the_example()
        => Assert.Equal("8493FBC53BA582FB4C044C456BDC40EB", Convert.ToHexString(LongTermKey.Derive(PasswordAlgorithm.Md5, "user", "realm", "pass"))); // RFC 8489 §9.2.2

    [Fact]
    public void The_key_of_the_long_term_vector_is_derived_from_its_words() // RFC 5769 §2.4
        => Assert.Equal(StunSamples.LongTermKey, LongTermKey.Derive(PasswordAlgorithm.Md5, "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9", "example.org", "TheMatrIX"));

    [Theory]
    [InlineData(PasswordAlgorithm.Md5)]
    [InlineData(PasswordAlgorithm.Sha256)]
    public void Keys_have_the_length_of_their_hash(PasswordAlgorithm algorithm)
        => Assert.Equal(LongTermKey.Length(algorithm), LongTermKey.Derive(algorithm, "u", "r", "p").Length);

    [Fact]
    public void The_userhash_is_that_of_the_vector() // RFC 8489 appendix B.1
        => Assert.Equal("4A3CF38FEF6992BDA952C6780417DA0F24819415569E60B205C46E41407F1704",
            Convert.ToHexString(LongTermKey.Userhash("\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9", "example.org")));
}
