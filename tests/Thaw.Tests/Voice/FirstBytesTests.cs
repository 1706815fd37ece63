using System.Buffers.Binary;
using CsCheck;
using Thaw.Protocol.Stun;
using Thaw.Voice.Http;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>However a first message is cut, it is the same thing, or not clear yet.</summary>
public sealed class FirstBytesTests
{
    private static readonly Gen<byte[]> Http =
        from method in Gen.OneOf("GET / HTTP/1.1\r\n", "POST /start HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "get / HTTP/1.0\r\n")
        from rest in Gen.Byte.Array[0, 40]
        select (byte[])[.. System.Text.Encoding.ASCII.GetBytes(method), .. rest];

    private static readonly Gen<byte[]> Tls = // a record with a ClientHello: RFC 8446 §5.1, RFC 5246 §6.2.1
        from minor in Gen.Byte[0, 4]
        from rest in Gen.Byte.Array[5, 60]
        select (byte[])[0x16, 3, minor, .. rest];

    private static readonly Gen<byte[]> Turn =
        from method in Gen.OneOf(StunMethod.Binding, StunMethod.Allocate, StunMethod.Refresh, StunMethod.Send, StunMethod.CreatePermission)
        from high in Gen.ULong
        from attribute in Gen.Byte.Array[0, 600]
        select Message(method, high, attribute);

    private static readonly Gen<byte[]> IceTcp = Turn.Select(message =>
    {
        BinaryPrimitives.WriteUInt16BigEndian(message, 1); // a Binding request
        return (byte[])[(byte)(message.Length >> 8), (byte)message.Length, .. message];
    });

    [Fact]
    public void HTTP_begins_with_a_letter() => Check(Http, Spoken.Http, after: 1);

    [Fact]
    public void TLS_begins_with_a_handshake_record() => Check(Tls, Spoken.Tls, after: 1);

    [Fact]
    public void TURN_has_its_cookie_behind_four_bytes() => Check(Turn, Spoken.Turn, after: FirstBytes.Enough);

    [Fact]
    public void A_frame_has_a_length_first() => Check(IceTcp, Spoken.IceTcp, after: 5);

    [Fact]
    public void Eight_bytes_are_always_enough()
        => Gen.Byte.Array[FirstBytes.Enough, 20].Sample(bytes => Assert.NotEqual(Spoken.Unclear, FirstBytes.Judge(bytes)));

    [Fact]
    public void What_is_clear_stays_clear()
        => Gen.OneOf(Gen.Byte, Gen.OneOf((byte)0, (byte)0x21, (byte)0x12, (byte)0xA4, (byte)0x42)).Array[0, 12].Sample(Stable);

    private static void Check(Gen<byte[]> messages, Spoken spoken, int after) => messages.Sample(message =>
    {
        Assert.Equal(spoken, FirstBytes.Judge(message));
        Stable(message);
        for (int length = after; length <= message.Length; length++) Assert.Equal(spoken, FirstBytes.Judge(message.AsSpan(0, length)));
    });

    private static void Stable(byte[] message)
    {
        var known = Spoken.Unclear;
        for (int length = 0; length <= message.Length; length++)
        {
            var now = FirstBytes.Judge(message.AsSpan(0, length));
            Assert.True(known is Spoken.Unclear || now == known, $"{known} became {now} at {length} bytes");
            known = now;
        }
    }

    private static byte[] Message(StunMethod method, ulong transaction, byte[] attribute)
    {
        var writer = new StunWriter(new byte[1024], method, StunClass.Request, new TransactionId(transaction, (uint)transaction));
        writer.Add(StunAttributeType.Software, attribute);
        return writer.Finish().ToArray();
    }
}
