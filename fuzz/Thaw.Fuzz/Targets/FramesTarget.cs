using System.Buffers;
using Thaw.Net.Tcp;
using Thaw.Protocol;

namespace Thaw.Fuzz.Targets;

/// <summary>A TCP stream that is cut into frames, in one piece and in many: the same comes out, and nothing longer than a datagram.</summary>
internal static class FramesTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        foreach (var framing in (ReadOnlySpan<Framing>)[Framing.LengthPrefixed, Framing.SelfDelimited])
        {
            if (Cuts(framing, new ReadOnlySequence<byte>(bytes)) != Cuts(framing, Pieces(bytes)))
                throw new InvalidOperationException($"{framing} frames depend on where the stream was cut.");
        }
    }

    public static IEnumerable<Seed> Seeds() =>
    [
        new("checks", Conversation.Of(StunTarget.Check(true), StunTarget.Success(), [0x80, 1, 2, 3])),
        new("turn", [.. StunTarget.Success(), 0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, .. StunTarget.Error()]),
        new("too-long", [8, 1, .. new byte[2049]]),
    ];

    private static (int Frames, long Bytes, Cut End) Cuts(Framing framing, ReadOnlySequence<byte> stream)
    {
        (int frames, long bytes) = (0, 0);
        Cut cut;
        while ((cut = framing.TryCut(ref stream, out var frame)) is Cut.Frame)
        {
            if (frame.Length > Output.BufferLength) throw new InvalidOperationException("A frame is longer than a datagram may be.");
            frames++;
            bytes += frame.Length;
        }

        return (frames, bytes, cut);
    }

    private static ReadOnlySequence<byte> Pieces(byte[] bytes)
    {
        const int Length = 7;
        if (bytes.Length == 0) return default;
        var first = new Piece(bytes.AsMemory(0, Math.Min(Length, bytes.Length)), null);
        var last = first;
        for (int at = Length; at < bytes.Length; at += Length) last = new Piece(bytes.AsMemory(at, Math.Min(Length, bytes.Length - at)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
