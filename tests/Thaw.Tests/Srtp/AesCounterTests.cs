using CsCheck;
using Thaw.Protocol.Srtp;
using Xunit;
using static Thaw.Tests.Srtp.SrtpTraffic;

namespace Thaw.Tests.Srtp;

public sealed class AesCounterTests
{
    public enum BackEnd { X86, Arm, Portable }

    public static TheoryData<BackEnd> BackEnds => [BackEnd.X86, BackEnd.Arm, BackEnd.Portable];

    [Theory, MemberData(nameof(BackEnds))]
    public void The_key_stream_is_that_of_RFC_3711_appendix_B_2(BackEnd backEnd)
    {
        using var aes = Create(backEnd, Hex("2B7E151628AED2A6ABF7158809CF4F3C"));
        byte[] stream = new byte[0xFF02 * 16];

        aes.Transform(stream, UInt128.Parse("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000", System.Globalization.NumberStyles.HexNumber, null));

        Assert.Equal(Hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0"), stream[..48]);
        Assert.Equal(Hex("EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE 6A2CC3787889374FBEB4C81B17BA6C44"), stream[^48..]);
    }

    [Fact]
    public void All_back_ends_give_the_same_stream_at_every_length()
        => Gen.Select(Gen.Byte.Array[16], Gen.ULong, Gen.Byte.Array[0, 600]).Sample((key, iv, data) =>
        {
            byte[][] results = [.. Enum.GetValues<BackEnd>().Where(IsSupported).Select(backEnd =>
            {
                byte[] copy = [.. data];
                using var aes = Create(backEnd, key);
                aes.Transform(copy, (UInt128)iv << 48);
                return copy;
            })];
            return results.All(r => r.AsSpan().SequenceEqual(results[0]));
        }, iter: 300);

    [Fact]
    public void Session_keys_are_those_of_RFC_3711_appendix_B_3()
    {
        using var master = AesCounter.Create(Hex("E1F97A0D3E018BE0D64FA32C06DE4139"));
        byte[] salt = Hex("0EC675AD498AFEEBB6960B3AABE6");

        Assert.Equal(Hex("C61E7A93744F39EE10734AFE3FF7A087"), Derived(SrtpKeyLabel.RtpEncryption, 16));
        Assert.Equal(Hex("30CBBC08863D8C85D49DB34A9AE1"), Derived(SrtpKeyLabel.RtpSalt, 14));
        Assert.Equal(
            Hex("CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE E049646C43D9327AD175578EF7227098"
                + "6371C10C9A369AC2F94A8C5FBCDDDC25 6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2"),
            Derived(SrtpKeyLabel.RtpAuthentication, 94));

        byte[] Derived(SrtpKeyLabel label, int length)
        {
            byte[] key = new byte[length];
            SrtpKeyDerivation.Derive(master, salt, label, key);
            return key;
        }
    }

    private static bool IsSupported(BackEnd backEnd) => backEnd switch
    {
        BackEnd.X86 => X86AesRounds.IsSupported,
        BackEnd.Arm => ArmAesRounds.IsSupported,
        _ => true,
    };

    private static AesCounter Create(BackEnd backEnd, byte[] key)
    {
        Assert.SkipUnless(IsSupported(backEnd), $"This processor has no {backEnd} AES instructions.");
        return backEnd switch
        {
            BackEnd.X86 => new VectorAesCounter<X86AesRounds>(key),
            BackEnd.Arm => new VectorAesCounter<ArmAesRounds>(key),
            _ => new PortableAesCounter(key),
        };
    }
}
