using System.Buffers.Binary;
using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Xunit;
using static Thaw.Tests.Stun.StunSamples;

namespace Thaw.Tests.Stun;

public sealed class StunReaderTests
{
    [Fact]
    public void The_sample_request_is_read()
    {
        Assert.Null(StunReader.TryRead(Request, out var message));

        Assert.Equal((StunMethod.Binding, StunClass.Request), (message.Method, message.Class));
        Assert.Equal(new TransactionId(0xb7e7a701bc34d686, 0xfa87dfae), message.Transaction);
        Assert.True(message.TryFind(StunAttributeType.Software, out var software));
        Assert.Equal("STUN test client"u8, software.Value);
        Assert.True(message.TryFind(StunAttributeType.Username, out var username));
        Assert.Equal("evtj:h6vY"u8, username.Value);
        Assert.True(message.TryFind(StunAttributeType.Priority, out var priority) && priority.TryReadUInt32(out uint p) && p == 0x6e0001ff);
        Assert.True(message.TryFind(StunAttributeType.IceControlled, out var role) && role.TryReadUInt64(out ulong t) && t == 0x932ff9b151263b36);
        Assert.Equal((StunSeal.Valid, StunSeal.Valid), (message.CheckIntegrity(Password), message.CheckFingerprint()));
    }

    [Theory]
    [InlineData("192.0.2.1", false)]
    [InlineData("2001:db8:1234:5678:11:2233:4455:6677", true)]
    public void The_sample_responses_are_read(string address, bool six)
    {
        Assert.Null(StunReader.TryRead(six ? ResponseIPv6 : ResponseIPv4, out var message));

        Assert.Equal(StunClass.SuccessResponse, message.Class);
        Assert.True(message.TryReadXorAddress(StunAttributeType.XorMappedAddress, out var mapped));
        Assert.True(TransportAddress.TryParse(address, 32853, out var expected));
        Assert.Equal(expected, mapped);
        Assert.Equal((StunSeal.Valid, StunSeal.Valid), (message.CheckIntegrity(Password), message.CheckFingerprint()));
    }

    [Fact]
    public void The_long_term_samples_are_verified()
    {
        Assert.Null(StunReader.TryRead(LongTermRequest, out var sha1));
        Assert.Equal((StunSeal.Valid, StunSeal.Missing), (sha1.CheckIntegrity(StunSamples.LongTermKey), sha1.CheckFingerprint()));

        Assert.Null(StunReader.TryRead(Sha256Request, out var sha256));
        Assert.Equal(StunSeal.Valid, sha256.CheckIntegrity(LongTermKeySha256));
        Assert.Equal(StunSeal.Invalid, sha256.CheckIntegrity(StunSamples.LongTermKey));
    }

    [Fact]
    public void Checking_never_writes_to_the_received_buffer()
    {
        byte[] before = [.. Request];
        Assert.Null(StunReader.TryRead(Request, out var message));
        message.CheckIntegrity(Password);
        message.CheckFingerprint();
        Assert.Equal(before, Request);
    }

    [Fact]
    public void No_truncation_is_accepted_and_none_throws()
    {
        for (int length = 0; length < Request.Length; length++)
            Assert.NotNull(StunReader.TryRead(Request.AsSpan(0, length), out _));
    }

    [Fact]
    public void Every_bit_flip_of_every_sample_is_noticed_by_a_check()
    {
        foreach (byte[] sample in (byte[][])[Request, ResponseIPv4, ResponseIPv6])
        {
            for (int bit = 0; bit < sample.Length * 8; bit++)
            {
                byte[] flipped = [.. sample];
                flipped[bit / 8] ^= (byte)(1 << bit % 8);
                Assert.NotEqual(StunSeal.Valid, Walk(flipped));
            }
        }
    }

    [Fact]
    public void No_bytes_at_all_throw()
        => Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            // Half-way plausible, so that attributes are reached.
            if (bytes.Length >= 20)
            {
                bytes[0] &= 0x3F;
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)((bytes.Length - 20) & ~3));
                BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), 0x2112A442);
                bytes = bytes[..(20 + ((bytes.Length - 20) & ~3))];
            }

            Walk(bytes);
        }, iter: 3000);

    [Fact]
    public void An_unsealed_attribute_behind_the_integrity_is_not_seen()
    {
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.Request, new(1, 2));
        writer.AddIntegrity("key"u8);
        writer.Add(StunAttributeType.UseCandidate);
        writer.AddFingerprint();

        Assert.Null(StunReader.TryRead(writer.Finish(), out var message));
        Assert.Equal((StunSeal.Valid, StunSeal.Valid), (message.CheckIntegrity("key"u8), message.CheckFingerprint()));
        Assert.False(message.Has(StunAttributeType.UseCandidate));
    }

    [Fact]
    public void A_fingerprint_that_is_not_last_is_invalid()
    {
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.Request, new(1, 2));
        writer.AddFingerprint();
        writer.Add(StunAttributeType.Software, "x"u8);

        Assert.Null(StunReader.TryRead(writer.Finish(), out var message));
        Assert.Equal(StunSeal.Invalid, message.CheckFingerprint());
    }

    [Fact]
    public void Only_unknown_attributes_below_0x8000_are_reported()
    {
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.Request, new(1, 2));
        writer.Add(StunAttributeType.Username, "a:b"u8);
        writer.Add((StunAttributeType)0x7123);
        writer.Add((StunAttributeType)0xC057, 1u);
        Assert.Null(StunReader.TryRead(writer.Finish(), out var message));

        Span<ushort> unknown = stackalloc ushort[4];
        int count = message.FindUnknown([StunAttributeType.Username], unknown);
        Assert.Equal([0x7123], unknown[..count].ToArray());
    }

    [Theory]
    [InlineData("0001")]                     // shorter than family and port
    [InlineData("0001a147e112a6")]           // IPv4 with three octets
    [InlineData("0002a147e112a643")]         // IPv6 with four octets
    [InlineData("0003a147e112a643")]         // no such family
    public void A_misshapen_address_is_not_read(string value)
    {
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.SuccessResponse, new(1, 2));
        writer.Add(StunAttributeType.XorMappedAddress, Convert.FromHexString(value));
        Assert.Null(StunReader.TryRead(writer.Finish(), out var message));
        Assert.False(message.TryReadXorAddress(StunAttributeType.XorMappedAddress, out _));
    }

    [Fact]
    public void The_router_peeks_the_receivers_fragment()
    {
        Assert.True(StunPeek.TryReadLocalUfrag(Request, out var ufrag));
        Assert.Equal("evtj"u8, ufrag);
        Assert.False(StunPeek.TryReadLocalUfrag(ResponseIPv4, out _));
        Assert.False(StunPeek.TryReadLocalUfrag(LongTermRequest, out _)); // no colon
        Assert.False(StunPeek.TryReadLocalUfrag([0x80, 1, 2], out _));
    }

    private static StunSeal Walk(ReadOnlySpan<byte> bytes)
    {
        if (StunReader.TryRead(bytes, out var message) is not null) return StunSeal.Missing;

        foreach (var attribute in message)
        {
            attribute.TryReadUInt32(out _);
            attribute.TryReadUInt64(out _);
            attribute.TryReadAddress(out _);
            attribute.TryReadError(out _, out _);
            message.TryReadXorAddress(attribute.Type, out _);
        }

        Span<ushort> unknown = stackalloc ushort[4];
        message.FindUnknown([], unknown);
        var integrity = message.CheckIntegrity(Password);
        return integrity is StunSeal.Valid ? message.CheckFingerprint() : integrity;
    }
}
