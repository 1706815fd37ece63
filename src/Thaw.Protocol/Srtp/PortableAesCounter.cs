using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Srtp;

/// <summary>
/// Counter mode on the base library's AES, for processors without AES instructions. A kept
/// <see cref="ICryptoTransform"/> does not allocate; the one-shot ECB call would, and costs seven times as much.
/// </summary>
internal sealed class PortableAesCounter : AesCounter
{
    private const int Batch = 16 * BlockLength;

    private readonly ICryptoTransform _ecb;
    private readonly byte[] _counters = new byte[Batch];
    private readonly byte[] _stream = new byte[Batch];

    public PortableAesCounter(ReadOnlySpan<byte> key)
    {
        using var aes = Aes.Create();
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        aes.SetKey(key);
        _ecb = aes.CreateEncryptor();
    }

    public override void Dispose() => _ecb.Dispose();

    protected override void Apply(Span<byte> data, UInt128 iv)
    {
        for (; !data.IsEmpty; data = data[int.Min(Batch, data.Length)..])
        {
            int length = int.Min(Batch, data.Length);
            int padded = (length + BlockLength - 1) / BlockLength * BlockLength;
            for (int at = 0; at < padded; at += BlockLength)
                BinaryPrimitives.WriteUInt128BigEndian(_counters.AsSpan(at), iv++);

            _ecb.TransformBlock(_counters, 0, padded, _stream, 0);
            for (int i = 0; i < length; i++) data[i] ^= _stream[i];
        }
    }
}
