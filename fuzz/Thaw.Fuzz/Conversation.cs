using System.Buffers.Binary;
using System.Security.Cryptography;
using Thaw.Protocol;

namespace Thaw.Fuzz;

/// <summary>For machines that have a past: an input that is several datagrams, each behind its length in two bytes.</summary>
internal ref struct Conversation(ReadOnlySpan<byte> input)
{
    private const int MaxDatagrams = 16;

    private ReadOnlySpan<byte> _rest = input;
    private int _count;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly Conversation GetEnumerator() => this;

    /// <summary>A length that promises too much gets what there is, so that damage to it loses nothing.</summary>
    public bool MoveNext()
    {
        if (_rest.Length < 2 || _count++ == MaxDatagrams) return false;
        int length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(_rest), _rest.Length - 2);
        Current = _rest.Slice(2, length);
        _rest = _rest[(2 + length)..];
        return true;
    }

    public static byte[] Of(params IEnumerable<byte[]> datagrams)
        => [.. datagrams.SelectMany(datagram => (byte[])[(byte)(datagram.Length >> 8), (byte)datagram.Length, .. datagram])];
}

/// <summary>Makes a machine with randomness do the same for the same input.</summary>
internal sealed class FixedRandom(int seed = 1) : RandomNumberGenerator
{
    private readonly Random _random = new(seed);

    public override void GetBytes(byte[] data) => _random.NextBytes(data);

    public override void GetBytes(Span<byte> data) => _random.NextBytes(data);
}

internal static class Drain
{
    private const int MaxOutputs = 2_000;

    public delegate Output Poll(Span<byte> buffer, Instant now);

    /// <summary>One input, then poll until Idle: a machine that never idles is a finding.</summary>
    /// <param name="transmitted">Sees each datagram that the machine sends.</param>
    public static Instant Run(Poll poll, Instant now, Action<ReadOnlySpan<byte>>? transmitted = null, Action<object>? happened = null)
    {
        Span<byte> buffer = stackalloc byte[Output.BufferLength];
        for (int i = 0; i < MaxOutputs; i++)
        {
            var output = poll(buffer, now);
            switch (output.Kind)
            {
                case OutputKind.Idle: return output.WakeAt;
                case OutputKind.Transmit: transmitted?.Invoke(output.Payload); break;
                case OutputKind.Event: happened?.Invoke(output.Value!); break;
            }
        }

        throw new InvalidOperationException($"Not idle after {MaxOutputs} outputs.");
    }
}
