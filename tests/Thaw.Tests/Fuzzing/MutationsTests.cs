using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Xunit;

namespace Thaw.Tests.Fuzzing;

public sealed class MutationsTests
{
    private static readonly byte[] Message = [0x00, 0x01, 0x00, 0x04, 1, 2, 3, 4];
    private static readonly byte[] Text = Encoding.ASCII.GetBytes("port 9 and more");

    [Fact]
    public void The_same_number_gives_the_same_inputs_and_leaves_the_seed_alone()
    {
        byte[] before = [.. Message];
        Assert.Equal(Inputs(7, Message, 100), Inputs(7, Message, 100));
        Assert.NotEqual(Inputs(7, Message, 100), Inputs(8, Message, 100));
        Assert.Equal(before, Message);
    }

    [Theory]
    [InlineData("trusts its length field")]
    [InlineData("cannot bear an empty input")]
    [InlineData("thinks that ports fit into 16 bits")]
    [InlineData("reads past a message that was cut")]
    public void A_parser_with_a_bug_is_caught(string bug)
    {
        Action<byte[]> parse = bug switch
        {
            "trusts its length field" => TrustLength,
            "cannot bear an empty input" => input => _ = input[0],
            "thinks that ports fit into 16 bits" => ReadPort,
            _ => input => _ = input[Message.Length - 1],
        };
        byte[] seed = bug.Contains("ports", StringComparison.Ordinal) ? Text : Message;

        Assert.Contains(Inputs(1, seed, 2_000), input => Record.Exception(() => parse(input)) is not null);
    }

    [Fact]
    public void Inputs_stay_within_a_bound()
        => Assert.All(Inputs(1, new byte[Mutations.MaxLength], 100), input => Assert.True(input.Length <= Mutations.MaxLength));

    private static void TrustLength(byte[] input)
    {
        if (input.Length >= 4) _ = input.AsSpan(4, BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(2)));
    }

    private static void ReadPort(byte[] input)
    {
        if (Encoding.Latin1.GetString(input).Split(' ') is [_, { Length: > 0 } port, ..] && port.All(char.IsAsciiDigit))
            _ = ushort.Parse(port, CultureInfo.InvariantCulture);
    }

    private static List<byte[]> Inputs(int number, byte[] seed, int count)
    {
        var mutations = new Mutations(number);
        return [.. Enumerable.Range(0, count).Select(_ => mutations.Mutate(seed, [seed]))];
    }
}
