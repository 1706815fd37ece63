using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Thaw.Protocol.Dtls;

/// <summary>A certificate's hash as SDP writes it: <c>sha-256 AB:CD:…</c> (RFC 8122 §5).</summary>
/// <param name="Algorithm">Lower-case hash name: sha-256, sha-384 or sha-512.</param>
public sealed record CertificateFingerprint(string Algorithm, byte[] Value)
{
    public static CertificateFingerprint Sha256Of(ReadOnlySpan<byte> certificate)
        => new("sha-256", SHA256.HashData(certificate));

    /// <summary>True if <paramref name="certificate"/> (DER) has this fingerprint.</summary>
    public bool Matches(ReadOnlySpan<byte> certificate)
    {
        byte[]? actual = Algorithm switch
        {
            "sha-256" => SHA256.HashData(certificate),
            "sha-384" => SHA384.HashData(certificate),
            "sha-512" => SHA512.HashData(certificate),
            _ => null,
        };
        return actual is not null && CryptographicOperations.FixedTimeEquals(actual, Value);
    }

    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out CertificateFingerprint? fingerprint)
    {
        fingerprint = null;
        int space = text.IndexOf(' ');
        if (space < 0) return false;

        string algorithm = text[..space].ToString().ToLowerInvariant();
        int length = algorithm switch { "sha-256" => 32, "sha-384" => 48, "sha-512" => 64, _ => 0 };
        var hex = text[(space + 1)..].Trim();
        if (length == 0 || hex.Length != length * 3 - 1) return false;

        byte[] value = new byte[length];
        for (int i = 0; i < length; i++)
        {
            if (i > 0 && hex[i * 3 - 1] != ':') return false;
            if (!byte.TryParse(hex.Slice(i * 3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value[i])) return false;
        }

        fingerprint = new(algorithm, value);
        return true;
    }

    public bool Equals(CertificateFingerprint? other)
        => other is not null && Algorithm == other.Algorithm && Value.AsSpan().SequenceEqual(other.Value);

    public override int GetHashCode() => HashCode.Combine(Algorithm, Value.Length > 4 ? BitConverter.ToInt32(Value) : 0);

    public override string ToString() => $"{Algorithm} {string.Join(':', Value.Select(b => b.ToString("X2", CultureInfo.InvariantCulture)))}";
}
