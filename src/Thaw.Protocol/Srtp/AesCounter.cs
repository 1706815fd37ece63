namespace Thaw.Protocol.Srtp;

/// <summary>AES-128 in counter mode (RFC 3711 §4.1.1) for one key. Back-ends differ only in speed.</summary>
internal abstract class AesCounter : IDisposable
{
    public const int KeyLength = 16;
    protected const int BlockLength = 16;

    // The block counter is the low 16 bits of the IV, which RFC 3711 §4.1.1 leaves zero.
    private const int MaxLength = BlockLength << 16;

    public static AesCounter Create(ReadOnlySpan<byte> key)
    {
        if (X86AesRounds.IsSupported) return new VectorAesCounter<X86AesRounds>(key);
        if (ArmAesRounds.IsSupported) return new VectorAesCounter<ArmAesRounds>(key);
        return new PortableAesCounter(key);
    }

    /// <summary>XORs the keystream that begins at <paramref name="iv"/> into <paramref name="data"/>.</summary>
    public void Transform(Span<byte> data, UInt128 iv)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, MaxLength);
        Apply(data, iv);
    }

    public abstract void Dispose();

    protected abstract void Apply(Span<byte> data, UInt128 iv);
}
