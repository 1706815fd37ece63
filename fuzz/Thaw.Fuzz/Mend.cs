using System.Buffers.Binary;
using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Thaw.Protocol.Sctp;
using Thaw.Protocol.Srtp;
using Thaw.Protocol.Stun;

namespace Thaw.Fuzz;

/// <summary>Makes a damaged packet pass its seals, behind which nothing would else be reached.</summary>
internal static class Mend
{
    private const int TagOffset = 4, InitiateTagOffset = PacketReader.HeaderLength + 4;
    private const byte Init = 1, InitAck = 2; // RFC 9260 §3.3.2; an INIT's packet has tag 0 (§8.5.1)

    /// <summary>The same attributes, sealed by the password that belongs to the class, answering what was asked last.</summary>
    public static ReadOnlySpan<byte> Stun(ReadOnlySpan<byte> datagram, TransactionId asked, string ours, string theirs)
    {
        if (StunReader.TryRead(datagram, out var message) is not null) return datagram;

        bool isResponse = message.Class is StunClass.SuccessResponse or StunClass.ErrorResponse;
        var writer = new StunWriter(
            new byte[2 * Output.BufferLength], message.Method, message.Class, isResponse ? asked : message.Transaction);

        foreach (var attribute in message)
        {
            if (attribute.Type is StunAttributeType.MessageIntegrity or StunAttributeType.MessageIntegritySha256 or StunAttributeType.Fingerprint)
                continue;
            writer.Add(attribute.Type, attribute.Value);
        }

        writer.AddIntegrity(Encoding.ASCII.GetBytes(isResponse ? theirs : ours));
        writer.AddFingerprint();
        return writer.Finish();
    }

    /// <summary>The same attributes as an answer to this request, sealed as it was sealed.</summary>
    public static ReadOnlySpan<byte> TurnAnswer(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> request, string user, string password)
    {
        if (StunReader.TryRead(datagram, out var message) is not null || StunReader.TryRead(request, out var asked) is not null) return datagram;

        var writer = new StunWriter(new byte[2 * Output.BufferLength], asked.Method, message.Class, asked.Transaction);
        foreach (var attribute in message)
            if (attribute.Type is not (StunAttributeType.MessageIntegrity or StunAttributeType.MessageIntegritySha256 or StunAttributeType.Fingerprint))
                writer.Add(attribute.Type, attribute.Value);

        if (!asked.TryFind(StunAttributeType.Realm, out var realm)) return writer.Finish();
        bool isSha256 = asked.Has(StunAttributeType.MessageIntegritySha256);
        byte[] key = LongTermKey.Derive(isSha256 ? PasswordAlgorithm.Sha256 : PasswordAlgorithm.Md5, user, Encoding.UTF8.GetString(realm.Value), password);
        if (isSha256) writer.AddIntegritySha256(key);
        else writer.AddIntegrity(key);
        return writer.Finish();
    }

    /// <param name="tag">The receiver's own (<see cref="TagIn"/> what it sent).</param>
    public static byte[] Sctp(ReadOnlySpan<byte> packet, uint tag)
    {
        byte[] mended = packet.ToArray();
        if (mended.Length <= PacketReader.HeaderLength) return mended;

        BinaryPrimitives.WriteUInt32BigEndian(mended.AsSpan(TagOffset), mended[PacketReader.HeaderLength] == Init ? 0 : tag);
        BinaryPrimitives.WriteUInt32LittleEndian(mended.AsSpan(PacketReader.ChecksumOffset), Crc32c.OfPacket(mended));
        return mended;
    }

    public static uint? TagIn(ReadOnlySpan<byte> sent)
        => sent.Length >= InitiateTagOffset + 4 && sent[PacketReader.HeaderLength] is Init or InitAck
            ? BinaryPrimitives.ReadUInt32BigEndian(sent[InitiateTagOffset..])
            : null;

    /// <summary>Protected by its sender's keys, if it is a packet that can be; SRTCP with this index.</summary>
    public static ReadOnlySpan<byte> Srtp(ReadOnlySpan<byte> datagram, SrtpKeyingMaterial keys, int rtcpIndex)
    {
        if (datagram.Length + SrtpSession.MaxOverhead > Output.BufferLength) return datagram;

        byte[] packet = new byte[Output.BufferLength];
        using var srtp = new SrtpSession(keys); // afresh, so that any sequence number may come next
        if (RtpHeader.IsRtcp(datagram))
        {
            int length = 0;
            for (int i = 0; datagram.Length >= 8 && i < rtcpIndex; i++)
            {
                datagram.CopyTo(packet);
                length = srtp.ProtectRtcp(packet, datagram.Length);
            }

            return packet.AsSpan(0, length);
        }

        if (RtpHeader.TryMeasure(datagram, out _) is not null) return datagram;
        datagram.CopyTo(packet);
        return packet.AsSpan(0, srtp.Protect(packet, datagram.Length));
    }
}
