using System.Buffers.Binary;
using System.Security.Cryptography;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// Nonces that the server need not remember: the time, and a MAC of time and client address under a key of its own. So
/// no packet costs memory before its sender has shown that it gets what is sent to it.
/// </summary>
internal sealed class ServerNonce
{
    /// <summary>Nonce cookie and security features (13), time (2), MAC (9).</summary>
    public const int Length = CookieLength + TimeLength + MacLength;

    private const int CookieLength = 13, TimeLength = 2, MacLength = 9; // 54 bits of MAC: guessing is worth no more than a replay
    private const int SecondsPerStep = 8;
    private const long Steps = 1 << (6 * TimeLength);
    private const int Ahead = 2; // a server beside this one, with the same key, has a clock of its own

    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    private readonly byte[] _key;
    private readonly byte[] _cookie;
    private readonly long _lifetime;

    /// <param name="features">RFC 8489 §18.1: bit 0 password algorithms, bit 1 username anonymity.</param>
    /// <param name="lifetime">At most four hours, within which the short form of the time is unambiguous.</param>
    public ServerNonce(byte[] key, int features, TimeSpan lifetime)
    {
        _key = key;
        _lifetime = Math.Min((long)lifetime.TotalSeconds, SecondsPerStep * Steps / 2) / SecondsPerStep;
        _cookie = [.. "obMatJos2AAA"u8, Alphabet[features]]; // RFC 8489 §9.2
    }

    public void Write(Span<byte> nonce, TransportAddress client, long unixTime)
    {
        long step = unixTime / SecondsPerStep;
        _cookie.CopyTo(nonce);
        WriteDigits(nonce.Slice(CookieLength, TimeLength), (ulong)step);
        WriteMac(nonce[(CookieLength + TimeLength)..], client, step);
    }

    /// <param name="age">Where the nonce was made here for this client, how long ago.</param>
    /// <returns>Null if it is good.</returns>
    public NonceFault? Check(ReadOnlySpan<byte> nonce, TransportAddress client, long unixTime, out TimeSpan age)
    {
        age = default;
        if (nonce.Length != Length || !nonce.StartsWith(_cookie)) return NonceFault.Foreign;

        long now = unixTime / SecondsPerStep;
        if (!TryReadDigits(nonce.Slice(CookieLength, TimeLength), out long low)) return NonceFault.Foreign;
        long step = now + Ahead - ((now + Ahead - low) % Steps + Steps) % Steps;

        Span<byte> mac = stackalloc byte[MacLength];
        WriteMac(mac, client, step);
        if (!CryptographicOperations.FixedTimeEquals(mac, nonce[(CookieLength + TimeLength)..])) return NonceFault.Foreign;

        age = TimeSpan.FromSeconds(Math.Max(0, now - step) * SecondsPerStep);
        return now - step <= _lifetime ? null : NonceFault.Stale;
    }

    private void WriteMac(Span<byte> digits, TransportAddress client, long step)
    {
        Span<byte> covered = stackalloc byte[27];
        covered.Clear();
        BinaryPrimitives.WriteInt64BigEndian(covered, step);
        BinaryPrimitives.WriteUInt128BigEndian(covered[8..], AddressPrefix.Bits(client));
        BinaryPrimitives.WriteUInt16BigEndian(covered[24..], client.Port);
        covered[26] = (byte)client.Protocol;

        Span<byte> mac = stackalloc byte[Sha1State.HashLength];
        HmacSha1.Hash(_key, covered, mac);
        WriteDigits(digits, BinaryPrimitives.ReadUInt64BigEndian(mac));
    }

    private static void WriteDigits(Span<byte> digits, ulong value)
    {
        for (int i = digits.Length - 1; i >= 0; i--, value >>= 6) digits[i] = Alphabet[(int)(value & 63)];
    }

    private static bool TryReadDigits(ReadOnlySpan<byte> digits, out long value)
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
