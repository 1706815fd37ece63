using System.Buffers.Binary;
using System.Text;

namespace Thaw.Tests.Fuzzing;

/// <summary>
/// A small seeded fuzzer: each input is a seed with one to four wounds. The same number gives the same inputs on every
/// machine, so that a failure can be run again.
/// </summary>
internal sealed class Mutations(int number)
{
    public const int MaxLength = 64 * 1024;

    private static readonly byte[] InterestingBytes = [0x00, 0x01, 0x20, 0x3A, 0x7F, 0x80, 0xC0, 0xFE, 0xFF];
    private static readonly string[] InterestingNumbers =
        ["0", "1", "-1", "127", "128", "255", "256", "65535", "65536", "2147483648", "4294967295", "4294967296", "18446744073709551616", ""];

    private readonly Random _random = new(number);

    /// <param name="others">What <paramref name="seed"/> may be spliced with; may contain itself.</param>
    public byte[] Mutate(byte[] seed, IReadOnlyList<byte[]> others)
    {
        byte[] input = [.. seed];
        for (int wounds = _random.Next(1, 5); wounds > 0; wounds--) input = Wound(input, others);
        return input.Length <= MaxLength ? input : input[..MaxLength];
    }

    private byte[] Wound(byte[] input, IReadOnlyList<byte[]> others)
    {
        if (input.Length == 0) return Bytes(_random.Next(1, 9));

        return _random.Next(10) switch
        {
            0 => With(input, at => input[at] ^= (byte)(1 << _random.Next(8))),
            1 => With(input, at => input[at] = InterestingBytes[_random.Next(InterestingBytes.Length)]),
            2 => With(input, at => input[at] = (byte)_random.Next(256)),
            3 => input[.._random.Next(input.Length)],
            4 => Insert(input, Bytes(_random.Next(1, 9))),
            5 => Insert(input, Block(input)),
            6 => Delete(input),
            7 => EditLength(input),
            8 => EditNumber(input),
            _ => Splice(input, others[_random.Next(others.Count)]),
        };
    }

    private byte[] With(byte[] input, Action<int> change)
    {
        change(_random.Next(input.Length));
        return input;
    }

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private byte[] Block(byte[] input)
    {
        int start = _random.Next(input.Length);
        return input[start..(start + _random.Next(1, Math.Min(input.Length - start, 256) + 1))];
    }

    private byte[] Insert(byte[] input, byte[] block)
    {
        int at = _random.Next(input.Length + 1);
        return [.. input[..at], .. block, .. input[at..]];
    }

    private byte[] Delete(byte[] input)
    {
        int start = _random.Next(input.Length);
        int end = start + _random.Next(1, Math.Min(input.Length - start, 64) + 1);
        return [.. input[..start], .. input[end..]];
    }

    // Overwrites what may be a length: two bytes in network order, near a true remaining length or at an edge.
    private byte[] EditLength(byte[] input)
    {
        if (input.Length < 2) return input;
        int at = _random.Next(input.Length - 1);
        int rest = input.Length - at - 2;
        int[] lengths = [0, 1, 3, 4, rest - 1, rest, rest + 1, rest + 4, input.Length, input.Length - 20, 0x7FFF, 0x8000, 0xFFFC, 0xFFFF];
        BinaryPrimitives.WriteUInt16BigEndian(input.AsSpan(at), (ushort)lengths[_random.Next(lengths.Length)]);
        return input;
    }

    // The same for text: the first decimal number from a random place on becomes one at an edge.
    private byte[] EditNumber(byte[] input)
    {
        int start = _random.Next(input.Length);
        while (start < input.Length && !char.IsAsciiDigit((char)input[start])) start++;
        int end = start;
        while (end < input.Length && char.IsAsciiDigit((char)input[end])) end++;
        return [.. input[..start], .. Encoding.ASCII.GetBytes(InterestingNumbers[_random.Next(InterestingNumbers.Length)]), .. input[end..]];
    }

    private byte[] Splice(byte[] head, byte[] tail)
        => [.. head[.._random.Next(head.Length + 1)], .. tail[_random.Next(tail.Length + 1)..]];
}
