namespace Thaw.Protocol.Stun;

/// <summary>
/// HMAC-SHA1 (RFC 2104) of the one shape that STUN needs: a short key, a message of a few hundred bytes. The base
/// library's call takes two to three times as long for these, most of it on its way to the system's cryptography, and a
/// TURN request costs three (docs/rfc/stun.md).
/// </summary>
internal static class HmacSha1
{
    private const byte Inner = 0x36, Outer = 0x5C; // RFC 2104 §2

    public static void Hash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        Span<byte> pad = stackalloc byte[Sha1State.BlockLength];
        pad.Clear();
        if (key.Length <= pad.Length) key.CopyTo(pad);
        else Sha1State.Initial.Finish(key, absorbed: 0, pad);

        Sha1State inner = Sha1State.Initial, outer = Sha1State.Initial;
        Mask(pad, Inner);
        inner.Absorb(pad);
        Mask(pad, Inner ^ Outer);
        outer.Absorb(pad);
        inner.Finish(message, pad.Length, mac);
        outer.Finish(mac[..Sha1State.HashLength], pad.Length, mac);
        pad.Clear();
    }

    private static void Mask(Span<byte> pad, byte with)
    {
        for (int i = 0; i < pad.Length; i++) pad[i] ^= with;
    }
}
