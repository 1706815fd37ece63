using System.Buffers;
using System.Buffers.Binary;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Net.Tcp;

/// <summary>How a stream is cut into messages.</summary>
internal enum Framing
{
    LengthPrefixed, // RFC 4571 §2, as RFC 6544 §3 wants it
    SelfDelimited,  // STUN and ChannelData, each of which says its own length: RFC 8656 §12.5
}

internal enum Cut { More, Frame, Broken }

internal static class Frames
{
    private const int PrefixLength = 2; // RFC 4571 §2

    extension(Framing framing)
    {
        /// <summary>Bytes in front of each message.</summary>
        public int Prefix => framing is Framing.LengthPrefixed ? PrefixLength : 0;

        public void WritePrefix(Span<byte> room, int length)
        {
            if (framing is Framing.LengthPrefixed) BinaryPrimitives.WriteUInt16BigEndian(room, (ushort)length);
        }

        /// <summary>Takes the first message off the stream once it is there as a whole. Broken: it cannot be followed any further.</summary>
        public Cut TryCut(ref ReadOnlySequence<byte> stream, out ReadOnlySequence<byte> frame)
        {
            frame = default;
            Span<byte> head = stackalloc byte[TurnFraming.HeaderLength];
            head = head[..(framing is Framing.LengthPrefixed ? PrefixLength : TurnFraming.HeaderLength)];
            if (stream.Length < head.Length) return Cut.More;
            stream.Slice(0, head.Length).CopyTo(head);

            int length = BinaryPrimitives.ReadUInt16BigEndian(head);
            if (framing is Framing.SelfDelimited && !TurnFraming.TryMeasure(head, out length)) return Cut.Broken;
            if (length > Output.BufferLength) return Cut.Broken;
            if (stream.Length < framing.Prefix + length) return Cut.More;

            frame = stream.Slice(framing.Prefix, length);
            stream = stream.Slice(frame.End);
            return Cut.Frame;
        }
    }
}
