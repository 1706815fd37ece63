using System.Security.Cryptography;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl;

namespace Thaw.Dtls.Crypto;

/// <summary>One direction of the record cipher (RFC 5288).</summary>
internal sealed class BclAesGcm(bool encrypting) : TlsAeadCipherImpl, IDisposable
{
    private const int TagLength = 16;

    private AesGcm? _cipher;
    private byte[] _nonce = [];

    public void SetKey(byte[] key, int keyOff, int keyLen) => SetKey(key.AsSpan(keyOff, keyLen));

    public void SetKey(ReadOnlySpan<byte> key) => _cipher = new AesGcm(key, TagLength);

    public void Init(byte[] nonce, int macSize, byte[]? additionalData) => _nonce = nonce;

    public int GetOutputSize(int inputLength) => encrypting ? inputLength + TagLength : Math.Max(0, inputLength - TagLength);

    public int DoFinal(byte[] input, int inputOffset, int inputLength, byte[] output, int outputOffset)
        => DoFinal([], input, inputOffset, inputLength, output, outputOffset);

    public int DoFinal(
        byte[] additionalData, byte[] input, int inputOffset, int inputLength, byte[] output, int outputOffset)
    {
        int length = GetOutputSize(inputLength);
        if (encrypting)
        {
            var plaintext = input.AsSpan(inputOffset, inputLength);
            var tag = output.AsSpan(outputOffset + inputLength, TagLength);
            _cipher!.Encrypt(_nonce, plaintext, output.AsSpan(outputOffset, inputLength), tag, additionalData);
            return length;
        }

        try
        {
            var tag = input.AsSpan(inputOffset + length, TagLength);
            _cipher!.Decrypt(_nonce, input.AsSpan(inputOffset, length), tag, output.AsSpan(outputOffset, length), additionalData);
            return length;
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw new TlsFatalAlert(AlertDescription.bad_record_mac, e); // the record layer discards the record
        }
    }

    public void Reset() { }

    public void Dispose() => _cipher?.Dispose();
}
