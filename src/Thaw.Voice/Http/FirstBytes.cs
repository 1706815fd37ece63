using Thaw.Protocol;

namespace Thaw.Voice.Http;

/// <summary>What a TCP connection turns out to carry.</summary>
internal enum Spoken { Unclear, Http, Tls, IceTcp, Turn }

/// <summary>Tells by the first bytes of a connection what it is for. Most tell by the first.</summary>
internal static class FirstBytes
{
    /// <summary>Bytes that always suffice.</summary>
    public const int Enough = 8;

    private const byte Handshake = 0x16; // RFC 8446 §5.1
    private const int LongestFrame = Output.BufferLength;
    private const int CookieAt = 4; // RFC 8489 §5; in a frame two bytes later, behind its length (RFC 4571 §2)

    private static ReadOnlySpan<byte> MagicCookie => [0x21, 0x12, 0xA4, 0x42];

    public static Spoken Judge(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return Spoken.Unclear;
        if (bytes[0] == Handshake) return Spoken.Tls;
        if (bytes[0] > LongestFrame >> 8) return Spoken.Http; // a letter, or an error that is HTTP's to answer
        if (bytes[0] != 0) return Spoken.IceTcp; // the length of a frame; every STUN request's type begins with 0

        // Where TURN has its cookie, a frame has the length of its STUN message, which is less than 0x2112.
        var cookie = bytes[Math.Min(CookieAt, bytes.Length)..Math.Min(CookieAt + MagicCookie.Length, bytes.Length)];
        if (!MagicCookie.StartsWith(cookie)) return Spoken.IceTcp;
        return cookie.Length == MagicCookie.Length ? Spoken.Turn : Spoken.Unclear;
    }
}
