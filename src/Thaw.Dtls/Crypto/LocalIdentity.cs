using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CertificateRequest = System.Security.Cryptography.X509Certificates.CertificateRequest;
using HashAlgorithm = Org.BouncyCastle.Tls.HashAlgorithm;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;

namespace Thaw.Dtls.Crypto;

/// <summary>Our self-signed ECDSA P-256 certificate and its key (RFC 8827 §6.5). Lives as long as the host.</summary>
internal sealed class LocalIdentity : IDisposable
{
    // Nobody checks the dates of a certificate that is known by its fingerprint; a peer's wrong clock should not either.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromDays(1);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    private static readonly SignatureAndHashAlgorithm Algorithm = new(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa);

    private readonly X509Certificate2 _certificate;
    private readonly Certificate _chain;

    public LocalIdentity(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName($"CN={Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);

        // Firefox refuses two certificates with one issuer and one serial: 128 random bits, positive (RFC 5280 §4.1.2.2).
        byte[] serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7F | 0x40);
        _certificate = request.Create(
            name, X509SignatureGenerator.CreateForECDsa(key), now - ClockSkew, now + Lifetime, serial).CopyWithPrivateKey(key);

        using var crypto = new BclTlsCrypto(RandomNumberGenerator.Create());
        _chain = new Certificate([new BclCertificate(crypto, _certificate.RawData)]);
    }

    public ReadOnlySpan<byte> Der => _certificate.RawDataMemory.Span;

    public TlsCredentialedSigner CredentialsFor(TlsContext context)
        => new DefaultTlsCredentialedSigner(new TlsCryptoParameters(context), new Signer(_certificate), _chain, Algorithm);

    public void Dispose() => _certificate.Dispose();

    /// <summary>Takes its own handle to the key: several loops sign at once.</summary>
    private sealed class Signer(X509Certificate2 certificate) : TlsSigner
    {
        public TlsStreamSigner? GetStreamSigner(SignatureAndHashAlgorithm algorithm) => null;

        public byte[] GenerateRawSignature(SignatureAndHashAlgorithm algorithm, byte[] hash)
        {
            using var key = certificate.GetECDsaPrivateKey()!;
            return key.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);
        }
    }
}
