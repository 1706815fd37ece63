using System.Security.Cryptography;
using System.Text;

namespace Thaw.Protocol.Stun;

/// <summary>RFC 8489 §18.5.</summary>
public enum PasswordAlgorithm { Md5 = 0x0001, Sha256 = 0x0002 }

/// <summary>The key of a long-term credential (RFC 8489 §9.2.2, §18.5.1).</summary>
public static class LongTermKey
{
    /// <summary>Bytes that <see cref="Derive"/> writes: 16 with MD5, 32 with SHA-256.</summary>
    public static int Length(PasswordAlgorithm algorithm)
        => algorithm is PasswordAlgorithm.Sha256 ? SHA256.HashSizeInBytes : MD5.HashSizeInBytes;

    /// <summary>Hashes <c>username:realm:password</c>, each as it goes over the wire: prepared, UTF-8 (RFC 8265).</summary>
    public static byte[] Derive(PasswordAlgorithm algorithm, string username, string realm, string password)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{username}:{realm}:{password}");
#pragma warning disable CA5351 // RFC 8489 §18.5.1.1: what every server before password algorithms speaks.
        return algorithm is PasswordAlgorithm.Sha256 ? SHA256.HashData(text) : MD5.HashData(text);
#pragma warning restore CA5351
    }

    /// <summary>USERHASH: SHA-256 of <c>username:realm</c> (RFC 8489 §14.4).</summary>
    public static byte[] Userhash(string username, string realm) => SHA256.HashData(Encoding.UTF8.GetBytes($"{username}:{realm}"));
}
