using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;
using Thaw.Dtls.Crypto;
using HashAlgorithm = Org.BouncyCastle.Tls.HashAlgorithm;

namespace Thaw.Dtls;

/// <summary>A server's certificate with its key, RSA or ECDSA, and the chain that it shows. Safe to share between loops.</summary>
public sealed class ServerCertificate
{
    private readonly X509Certificate2 _leaf;
    private readonly Certificate _chain;

    /// <param name="intermediates">Shown behind it, in this order.</param>
    /// <exception cref="CryptographicException">It has no private key, or one of another kind.</exception>
    public ServerCertificate(X509Certificate2 leaf, X509Certificate2Collection intermediates)
    {
        using var rsa = leaf.GetRSAPrivateKey();
        using var ecdsa = leaf.GetECDsaPrivateKey();
        if (rsa is null && ecdsa is null) throw new CryptographicException("The certificate needs an RSA or ECDSA key.");
        IsRsa = rsa is not null;
        _leaf = leaf;
        using var crypto = new BclTlsCrypto(RandomNumberGenerator.Create());
        _chain = new Certificate([.. new[] { leaf }.Concat(intermediates).Select(link => new BclCertificate(crypto, link.RawData))]);
    }

    internal bool IsRsa { get; }

    /// <summary>Null where the client can check no signature that we make.</summary>
    internal TlsCredentialedSigner? CredentialsFor(TlsContext context)
    {
        short kind = IsRsa ? SignatureAlgorithm.rsa : SignatureAlgorithm.ecdsa;
        var offered = context.SecurityParameters.ClientSigAlgs;
        short hash = new[] { HashAlgorithm.sha256, HashAlgorithm.sha384, HashAlgorithm.sha512 }
            .FirstOrDefault(hash => offered is null || offered.Contains(new SignatureAndHashAlgorithm(hash, kind)));
        return hash == 0 ? null : new DefaultTlsCredentialedSigner(
            new TlsCryptoParameters(context), new Signer(_leaf), _chain, new SignatureAndHashAlgorithm(hash, kind));
    }

    /// <summary>Takes its own handle to the key: several loops sign at once.</summary>
    private sealed class Signer(X509Certificate2 certificate) : TlsSigner
    {
        public TlsStreamSigner? GetStreamSigner(SignatureAndHashAlgorithm algorithm) => null;

        public byte[] GenerateRawSignature(SignatureAndHashAlgorithm algorithm, byte[] hash)
        {
            if (algorithm.Signature == SignatureAlgorithm.ecdsa)
            {
                using var key = certificate.GetECDsaPrivateKey()!;
                return key.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);
            }

            var name = hash.Length switch { 32 => HashAlgorithmName.SHA256, 48 => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
            using var rsa = certificate.GetRSAPrivateKey()!;
            return rsa.SignHash(hash, name, RSASignaturePadding.Pkcs1);
        }
    }
}
