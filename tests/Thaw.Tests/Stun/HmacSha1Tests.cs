using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Thaw.Protocol.Stun;
using Xunit;

namespace Thaw.Tests.Stun;

public sealed class HmacSha1Tests
{
    private static readonly Gen<byte[]> Keys = Gen.Byte.Array[0, 200], Messages = Gen.Byte.Array[0, 700];

    // RFC 2202 §3.
    [Theory]
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00")]
    [InlineData("4a656665", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")]
    [InlineData("0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04")]
    public void The_samples_of_RFC_2202_come_out(string key, string message, string mac)
        => Assert.Equal(mac, Hash(Convert.FromHexString(key), Encoding.ASCII.GetBytes(message)), ignoreCase: true);

    [Fact]
    public void A_key_longer_than_a_block_is_hashed_first() // RFC 2202 §3, case 6
        => Assert.Equal("aa4ae5e15272d00e95705637ce8a3b55ed402112", Hash(Enumerable.Repeat((byte)0xaa, 80).ToArray(), "Test Using Larger Than Block-Size Key - Hash Key First"u8), ignoreCase: true);

    [Fact]
    public void Any_key_and_message_give_what_the_base_library_gives()
#pragma warning disable CA5350 // The algorithm under test.
        => Gen.Select(Keys, Messages).Sample((key, message) => Assert.Equal(Convert.ToHexString(HMACSHA1.HashData(key, message)), Hash(key, message)));
#pragma warning restore CA5350

    private static string Hash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message)
    {
        byte[] mac = new byte[Sha1State.HashLength];
        HmacSha1.Hash(key, message, mac);
        return Convert.ToHexString(mac);
    }
}
