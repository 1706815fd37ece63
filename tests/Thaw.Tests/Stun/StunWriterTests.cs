using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Xunit;
using static Thaw.Tests.Stun.StunSamples;

namespace Thaw.Tests.Stun;

public sealed class StunWriterTests
{
    [Fact]
    public void The_sample_response_is_written_byte_for_byte_but_for_its_padding()
    {
        Assert.True(TransportAddress.TryParse("192.0.2.1", 32853, out var mapped));
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.SuccessResponse, new(0xb7e7a701bc34d686, 0xfa87dfae));
        writer.Add(StunAttributeType.Software, "test vector"u8);
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, mapped);

        // The sample pads with a space, we with zero, so the seals differ and are checked elsewhere.
        byte[] expected = ResponseIPv4[..48];
        expected[35] = 0;
        expected[3] = 28;
        Assert.Equal(expected, writer.Finish());
    }

    [Fact]
    public void What_is_sealed_is_verified_with_the_same_key_only()
    {
        var writer = new StunWriter(new byte[300], StunMethod.ChannelBind, StunClass.ErrorResponse, new(3, 4));
        writer.AddError(438, "Stale Nonce"u8);
        writer.AddUnknown([0x7001, 0x7002, 0x7003]);
        writer.AddIntegrity("key"u8);
        writer.AddIntegritySha256("key"u8);
        writer.AddFingerprint();

        Assert.Null(StunReader.TryRead(writer.Finish(), out var message));
        Assert.Equal((StunMethod.ChannelBind, StunClass.ErrorResponse), (message.Method, message.Class));
        Assert.True(message.TryFind(StunAttributeType.ErrorCode, out var error) && error.TryReadError(out int code, out var reason)
            && code == 438 && reason.SequenceEqual("Stale Nonce"u8));
        Assert.Equal((StunSeal.Valid, StunSeal.Valid), (message.CheckIntegrity("key"u8), message.CheckFingerprint()));
        Assert.Equal(StunSeal.Invalid, message.CheckIntegrity("kez"u8));
    }

    [Fact]
    public void Any_address_survives_the_xor_and_the_round_trip()
        => Gen.Select(Gen.Bool, Gen.Byte.Array[16], Gen.UShort, Gen.ULong, Gen.UInt).Sample((six, bytes, port, high, low) =>
        {
            var address = six ? TransportAddress.FromIPv6(bytes, port) : TransportAddress.FromIPv4(bytes, port);
            var writer = new StunWriter(new byte[100], StunMethod.Binding, StunClass.SuccessResponse, new(high, low));
            writer.AddXorAddress(StunAttributeType.XorMappedAddress, address);
            writer.AddAddress(StunAttributeType.MappedAddress, address);

            return StunReader.TryRead(writer.Finish(), out var message) is null
                && message.TryReadXorAddress(StunAttributeType.XorMappedAddress, out var mapped) && mapped == address
                && message.TryFind(StunAttributeType.MappedAddress, out var plain) && plain.TryReadAddress(out mapped) && mapped == address;
        }, iter: 500);

    [Fact]
    public void Writing_reading_and_checking_allocate_nothing()
    {
        byte[] buffer = new byte[512];
        Assert.Equal(StunSeal.Valid, Once(buffer));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) Once(buffer);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static StunSeal Once(byte[] buffer)
        {
            var writer = new StunWriter(buffer, StunMethod.Binding, StunClass.Request, new(1, 2));
            writer.Add(StunAttributeType.Username, "evtj:h6vY"u8);
            writer.Add(StunAttributeType.Priority, 1u);
            writer.AddXorAddress(StunAttributeType.XorMappedAddress, TransportAddress.FromIPv4([192, 0, 2, 1], 5));
            writer.AddIntegrity("password"u8);
            writer.AddFingerprint();
            return StunReader.TryRead(writer.Finish(), out var message) is null
                && message.TryReadXorAddress(StunAttributeType.XorMappedAddress, out _)
                && StunPeek.TryReadLocalUfrag(writer.Finish(), out _)
                && message.CheckFingerprint() is StunSeal.Valid
                ? message.CheckIntegrity("password"u8)
                : StunSeal.Missing;
        }
    }
}
