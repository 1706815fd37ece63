using System.Security.Cryptography;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;

namespace Thaw.Dtls.Crypto;

/// <summary>
/// The peer's certificate. Its fingerprint is over the bytes as sent, so those are kept rather than re-encoded; its key
/// is checked by the base library, and only kinds of key are accepted whose cost of checking is bounded.
/// </summary>
internal sealed class BclCertificate(BclTlsCrypto crypto, byte[] encoding) : BcTlsCertificate(crypto, encoding)
{
    private const int MaxRsaKeyLength = 4096 / 8 + 32;

    private readonly byte[] _encoding = encoding;

    public override byte[] GetEncoded() => _encoding;

    public override TlsVerifier CreateVerifier(short signatureAlgorithm)
    {
        ValidateKeyUsage(KeyUsage.DigitalSignature);
        try
        {
            return signatureAlgorithm == SignatureAlgorithm.ecdsa ? new ECDsaVerifier(ReadECKey()) : new RsaVerifier(ReadRsaKey());
        }
        catch (Exception e) when (e is CryptographicException or IOException or ArgumentException)
        {
            throw new TlsFatalAlert(AlertDescription.bad_certificate, e);
        }
    }

    private ECDsa ReadECKey()
    {
        var algorithm = m_keyInfo.Algorithm;
        if (!algorithm.Algorithm.Equals(X9ObjectIdentifiers.IdECPublicKey) || algorithm.Parameters is not DerObjectIdentifier name)
            throw new TlsFatalAlert(AlertDescription.unsupported_certificate, "The certificate's key is on no named curve");

        (ECCurve curve, int length) =
            name.Equals(SecObjectIdentifiers.SecP256r1) ? (ECCurve.NamedCurves.nistP256, 32) :
            name.Equals(SecObjectIdentifiers.SecP384r1) ? (ECCurve.NamedCurves.nistP384, 48) :
            name.Equals(SecObjectIdentifiers.SecP521r1) ? (ECCurve.NamedCurves.nistP521, 66) :
            throw new TlsFatalAlert(AlertDescription.unsupported_certificate, "The certificate's curve is not P-256, P-384 or P-521");

        return BclPoint.TryDecode(m_keyInfo.PublicKey.GetBytes(), length, out var point)
            ? ECDsa.Create(new ECParameters { Curve = curve, Q = point })
            : throw new TlsFatalAlert(AlertDescription.bad_certificate, "The certificate's public key is no point");
    }

    private RSA ReadRsaKey()
    {
        byte[] key = m_keyInfo.PublicKey.GetBytes();
        if (!m_keyInfo.Algorithm.Algorithm.Equals(PkcsObjectIdentifiers.RsaEncryption) || key.Length > MaxRsaKeyLength)
            throw new TlsFatalAlert(AlertDescription.unsupported_certificate, "The certificate's key is neither ECDSA nor RSA up to 4,096 bit");

        var rsa = RSA.Create();
        rsa.ImportRSAPublicKey(key, out _);
        return rsa;
    }

    private sealed class ECDsaVerifier(ECDsa key) : TlsVerifier
    {
        public TlsStreamVerifier? GetStreamVerifier(DigitallySigned digitallySigned) => null;

        public bool VerifyRawSignature(DigitallySigned digitallySigned, byte[] hash)
        {
            using (key) return key.VerifyHash(hash, digitallySigned.Signature, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    private sealed class RsaVerifier(RSA key) : TlsVerifier
    {
        public TlsStreamVerifier? GetStreamVerifier(DigitallySigned digitallySigned) => null;

        public bool VerifyRawSignature(DigitallySigned digitallySigned, byte[] hash)
        {
            var name = hash.Length switch
            {
                32 => HashAlgorithmName.SHA256,
                48 => HashAlgorithmName.SHA384,
                _ => HashAlgorithmName.SHA512,
            };
            var padding = digitallySigned.Algorithm.Signature == SignatureAlgorithm.rsa ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;
            using (key) return key.VerifyHash(hash, digitallySigned.Signature, name, padding);
        }
    }
}
