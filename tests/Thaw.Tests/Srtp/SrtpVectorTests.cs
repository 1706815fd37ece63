using Thaw.Protocol;
using Thaw.Protocol.Srtp;
using Xunit;
using static Thaw.Tests.Srtp.SrtpTraffic;

namespace Thaw.Tests.Srtp;

public sealed class SrtpVectorTests
{
    private const string Rtcp = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    private static readonly byte[] Key = Hex("000102030405060708090a0b0c0d0e0f");
    private static readonly byte[] QuidProQuo = Hex("517569642070726f2071756f");

    [Fact]
    public void RFC_7714_section_16_1_AEAD_AES_128_GCM_SRTP()
    {
        byte[] rtp = Hex("8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573");
        byte[] srtp = Hex("8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce");
        using var session = WithSessionKeys();

        Assert.Equal(srtp, session.ProtectedRtp(rtp));
        Assert.Null(session.TryUnprotect(srtp, out int length));
        Assert.Equal(rtp, srtp[..length]);
    }

    [Fact]
    public void RFC_7714_section_17_1_AEAD_AES_128_GCM_SRTCP()
    {
        byte[] srtcp = Hex("81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4");
        using var session = WithSessionKeys();

        for (int i = 1; i < 0x5d4; i++) session.ProtectedRtcp(Hex(Rtcp)); // the vector's index
        Assert.Equal(srtcp, session.ProtectedRtcp(Hex(Rtcp)));
        Assert.Null(session.TryUnprotectRtcp(srtcp, out int length));
        Assert.Equal(Hex(Rtcp), srtcp[..length]);
    }

    [Fact]
    public void RFC_7714_section_17_3_signed_but_not_encrypted_is_refused()
    {
        using var session = WithSessionKeys();

        Assert.Equal(DropReason.Malformed, session.TryRtcp(Hex(Rtcp + "841dd9683dd78ec92ae58790125f62b3000005d4")));
    }

    // RFC 3711 has no whole packets. This one is known from libsrtp's own tests and holds appendix B.3's keys.
    [Fact]
    public void A_whole_packet_under_the_keys_of_RFC_3711_appendix_B_3()
    {
        byte[] key = Hex("e1f97a0d3e018be0d64fa32c06de4139"), salt = Hex("0ec675ad498afeebb6960b3aabe6");
        using var session = new SrtpSession(new(SrtpProfile.Aes128CmHmacSha1_80, key, salt, key, salt));

        Assert.Equal(
            Hex("800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb"),
            session.ProtectedRtp(Hex("800f1234decafbadcafebabe abababababababababababababababab")));
        Assert.Equal(
            Hex("81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798"),
            session.ProtectedRtcp(Hex("81c8000bcafebabe abababababababababababababababab")));
    }

    // Made with libsrtp 2.5: a packet with CSRCs and header extension, then the roll-over, then RR+SDES.
    [Theory]
    [InlineData(SrtpProfile.Aes128CmHmacSha1_80, "a0a1a2a3a4a5a6a7a8a9aaabacad",
        "926fffff00000001decafbad0000000100000002bede000132f0f1f2 fdfef272a595a1f7dd481cc1278b4b",
        "80ef000000000002decafbad59eb251a608c2669dd4dc7a322cd6494",
        "80c90001decafbad8860ea9aed2456be2d2dc9ba80000001af7237d70ac1d745c145")]
    [InlineData(SrtpProfile.AeadAes128Gcm, "a0a1a2a3a4a5a6a7a8a9aaab",
        "926fffff00000001decafbad0000000100000002bede000132f0f1f2 37927a0bda30a681b738cdda7e7b8894f54c76dcd8",
        "80ef000000000002decafbad37109a7b76074f4f88fa790d8f631ededaa1a1899d9f",
        "80c90001decafbadb074ba8378d00cb3c693e2d45c21aebe297bf93feac7e12977fe794e80000001")]
    public void The_same_master_key_gives_libsrtps_bytes(SrtpProfile profile, string salt, string first, string second, string rtcp)
    {
        using var session = new SrtpSession(new(profile, Key, Hex(salt), Key, Hex(salt)));

        Assert.Equal(Hex(first), session.ProtectedRtp([.. Hex("926fffff00000001decafbad0000000100000002bede000132f0f1f2"), .. "first"u8]));
        Assert.Equal(Hex(second), session.ProtectedRtp([.. Hex("80ef000000000002decafbad"), .. "second"u8]));
        Assert.Equal(Hex(rtcp), session.ProtectedRtcp(Hex("80c90001decafbad81ca0002decafbad01017800")));
    }

    private static SrtpSession WithSessionKeys() => new(
        new AesGcmCipher(Key, QuidProQuo, Key, QuidProQuo), new AesGcmCipher(Key, QuidProQuo, Key, QuidProQuo));
}
