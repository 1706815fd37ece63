using System.Buffers.Binary;

namespace Thaw.Protocol.Srtp;

/// <summary>RFC 3711 §4.3.1 (SRTP) and §4.3.2 (SRTCP).</summary>
internal enum SrtpKeyLabel : byte
{
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

internal static class SrtpKeyDerivation
{
    /// <summary>
    /// RFC 3711 §4.3.3 with a key derivation rate of zero: the session key is the keystream under the master key at
    /// (label · 2^48 XOR salt) · 2^16. GCM's 96-bit salt counts as if zeros followed (RFC 7714 §11).
    /// </summary>
    public static void Derive(AesCounter master, ReadOnlySpan<byte> salt, SrtpKeyLabel label, Span<byte> key)
    {
        Span<byte> x = stackalloc byte[16];
        x.Clear();
        salt.CopyTo(x);
        x[7] ^= (byte)label;

        key.Clear();
        master.Transform(key, BinaryPrimitives.ReadUInt128BigEndian(x));
    }
}
