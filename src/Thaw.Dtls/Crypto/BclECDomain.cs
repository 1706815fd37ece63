using System.Security.Cryptography;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;

namespace Thaw.Dtls.Crypto;

/// <summary>ECDHE on a NIST curve (RFC 8422 §5.10).</summary>
internal sealed class BclECDomain(BclTlsCrypto crypto, ECCurve curve, int coordinateLength) : TlsECDomain
{
    public TlsAgreement CreateECDH() => new Agreement(crypto, curve, coordinateLength);

    private sealed class Agreement(BclTlsCrypto crypto, ECCurve curve, int coordinateLength) : TlsAgreement
    {
        private readonly ECDiffieHellman _local = crypto.Own(ECDiffieHellman.Create(curve));
        private ECDiffieHellman? _peer;

        public byte[] GenerateEphemeral() => EncodePoint(_local.ExportParameters(includePrivateParameters: false).Q);

        public void ReceivePeerValue(byte[] peerValue)
        {
            if (!BclPoint.TryDecode(peerValue, coordinateLength, out var point))
                throw new TlsFatalAlert(AlertDescription.illegal_parameter);

            try
            {
                _peer = crypto.Own(ECDiffieHellman.Create(new ECParameters { Curve = curve, Q = point })); // refuses a point off the curve
            }
            catch (CryptographicException e)
            {
                throw new TlsFatalAlert(AlertDescription.illegal_parameter, e);
            }
        }

        public TlsSecret CalculateSecret()
        {
            using var peerKey = _peer!.PublicKey;
            byte[] secret = _local.DeriveRawSecretAgreement(peerKey);
            try
            {
                return crypto.CreateSecret(secret);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(secret);
            }
        }

        private static byte[] EncodePoint(ECPoint point) => [BclPoint.Uncompressed, .. point.X!, .. point.Y!];
    }
}

/// <summary>RFC 8422 §5.4.1: only uncompressed points remain.</summary>
internal static class BclPoint
{
    public const byte Uncompressed = 4;

    public static bool TryDecode(ReadOnlySpan<byte> encoding, int coordinateLength, out ECPoint point)
    {
        point = default;
        if (encoding.Length != 1 + 2 * coordinateLength || encoding[0] != Uncompressed) return false;
        point = new ECPoint { X = encoding[1..(1 + coordinateLength)].ToArray(), Y = encoding[(1 + coordinateLength)..].ToArray() };
        return true;
    }
}
