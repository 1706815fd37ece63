using System.Buffers.Binary;
using System.Security.Cryptography;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// Nonces that the server need not remember: the time, and a MAC of time and client address under a key of its own. So
/// no packet costs memory before its sender has shown that it gets what is sent to it. Of the time it carries only so much
/// that the whole can be told from it; the MAC covers the whole.
/// </summary>
internal sealed class ServerNonce
{
    /// <summary>
    /// The nonce cookie with the security features (13 characters, RFC 8489 §9.2), then 42 bits: 8 of time, 34 of MAC. With
    /// a short realm it keeps the first 401 under 2.6 times the request.
    /// </summary>
    public const int Length = CookieLength + DigitsLength;

    private const int CookieLength = 13, DigitsLength = 7, TimeBits = 8, MacBits = 6 * DigitsLength - TimeBits;
    private const ulong MacMask = (1UL << MacBits) - 1;
    private const int SecondsPerStep = 64;
    private const long Steps = 1 << TimeBits; // four and a half hours, then they come again
    private const int Ahead = 2; // a server beside this one, with the same key, has a clock of its own; and clocks are set back

    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    private readonly byte[] _key;
    private readonly byte[] _cookie;
    private readonly long _lifetime; // in steps

    /// <param name="features">RFC 8489 §18.1: bit 0 password algorithms, bit 1 username anonymity.</param>
    /// <param name="lifetime">At most two hours and a quarter, within which the short form of the time is unambiguous.</param>
    public ServerNonce(byte[] key, int features, TimeSpan lifetime)
    {
        _key = key;
        long seconds = Math.Min((long)lifetime.TotalSeconds, SecondsPerStep * Steps / 2);
        _lifetime = (seconds + SecondsPerStep - 1) / SecondsPerStep; // the step that it was made in had begun before
        _cookie = [.. "obMatJos2AAA"u8, Alphabet[features]]; // RFC 8489 §9.2
    }

    public void Write(Span<byte> nonce, TransportAddress client, long unixTime)
    {
        long step = unixTime / SecondsPerStep;
        _cookie.CopyTo(nonce);
        WriteDigits(nonce.Slice(CookieLength, DigitsLength), (ulong)(step % Steps) << MacBits | Mac(client, step));
    }

    /// <param name="age">Where the nonce was made here for this client, how long ago.</param>
    /// <returns>Null if it is good.</returns>
    public NonceFault? Check(ReadOnlySpan<byte> nonce, TransportAddress client, long unixTime, out TimeSpan age)
    {
        age = default;
        if (nonce.Length != Length || !nonce.StartsWith(_cookie)) return NonceFault.Foreign;
        if (!TryReadDigits(nonce[CookieLength..], out ulong digits)) return NonceFault.Foreign;

        // The latest moment with these bits that is not after now: by more than clocks may differ.
        long latest = unixTime / SecondsPerStep + Ahead, low = (long)(digits >> MacBits);
        long step = latest - ((latest - low) % Steps + Steps) % Steps;

        Span<byte> sent = stackalloc byte[sizeof(ulong)], made = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(sent, digits & MacMask);
        BinaryPrimitives.WriteUInt64BigEndian(made, Mac(client, step));
        if (!CryptographicOperations.FixedTimeEquals(sent, made)) return NonceFault.Foreign;

        long steps = Math.Max(0, latest - Ahead - step);
        age = TimeSpan.FromSeconds(steps * SecondsPerStep);
        return steps <= _lifetime ? null : NonceFault.Stale;
    }

    private ulong Mac(TransportAddress client, long step)
    {
        Span<byte> covered = stackalloc byte[27];
        covered.Clear();
        BinaryPrimitives.WriteInt64BigEndian(covered, step);
        BinaryPrimitives.WriteUInt128BigEndian(covered[8..], AddressPrefix.Bits(client));
        BinaryPrimitives.WriteUInt16BigEndian(covered[24..], client.Port);
        covered[26] = (byte)client.Protocol;

        Span<byte> mac = stackalloc byte[Sha1State.HashLength];
        HmacSha1.Hash(_key, covered, mac);
        return BinaryPrimitives.ReadUInt64BigEndian(mac) & MacMask;
    }

    private static void WriteDigits(Span<byte> digits, ulong value)
    {
        for (int i = digits.Length - 1; i >= 0; i--, value >>= 6) digits[i] = Alphabet[(int)(value & 63)];
    }

    private static bool TryReadDigits(ReadOnlySpan<byte> digits, out ulong value)
    {
        value = 0;
        foreach (byte digit in digits)
        {
            int at = Alphabet.IndexOf(digit);
            if (at < 0) return false;
            value = value << 6 | (uint)at;
        }

        return true;
    }
}

/// <summary>Why a nonce is not accepted.</summary>
public enum NonceFault
{
    Stale,   // made here for this client, too long ago
    Foreign, // not made here for this client address: it moved (NAT, load balancer), or the server has another key now
}
