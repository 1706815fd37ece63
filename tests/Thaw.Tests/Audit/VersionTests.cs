using CsCheck;
using Thaw.Audit.Versions;
using Xunit;

namespace Thaw.Tests.Audit;

public sealed class VersionTests
{
    [Theory]
    [InlineData("0.0.9", "0.0.91")]
    [InlineData("1.9.9", "1.10.0")]
    [InlineData("1.10.8-beta.1", "1.10.8")]
    [InlineData("0.0.91rc1", "0.0.91")]
    [InlineData("1.2.dev3", "1.2")]
    [InlineData("1.2", "1.2.1")]
    public void The_first_is_older(string older, string newer)
        => Assert.True(PackageVersion.Parse(older) < PackageVersion.Parse(newer));

    [Fact]
    public void Order_and_equality_agree()
        => Gen.Select(Text, Text).Sample((a, b) =>
        {
            var (x, y) = (PackageVersion.Parse(a), PackageVersion.Parse(b));
            Assert.Equal(x.CompareTo(y), -y.CompareTo(x));
            Assert.Equal(x.CompareTo(y) == 0, x.Equals(y));
            if (x.Equals(y)) Assert.Equal(x.GetHashCode(), y.GetHashCode());
        });

    [Fact]
    public void Whatever_a_manifest_says_is_read_or_refused_and_never_thrown_at()
        => Gen.String[Gen.Char["0123456789.^~<>=|*x -,!v+a\\u0000é"], 0, 24].Sample(text =>
        {
            _ = PackageVersion.TryParse(text, out _);
            _ = VersionRange.TryParseNpm(text, out _);
            _ = VersionRange.TryParsePython(text, out _);
        });

    private static Gen<string> Text => Gen.Select(Gen.Int[0, 3].Array[1, 4], Gen.OneOf(Gen.Const(""), Gen.Const("-rc.1"), Gen.Const("+build")), (parts, tail) => string.Join('.', parts) + tail);
}
