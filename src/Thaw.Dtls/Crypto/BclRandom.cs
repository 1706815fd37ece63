using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Prng;

namespace Thaw.Dtls.Crypto;

/// <summary>The association's own random numbers, as BouncyCastle wants to be given them.</summary>
internal sealed class BclRandom(RandomNumberGenerator random) : IRandomGenerator
{
    public void AddSeedMaterial(byte[] seed) { }
    public void AddSeedMaterial(ReadOnlySpan<byte> seed) { }
    public void AddSeedMaterial(long seed) { }
    public void NextBytes(byte[] bytes) => random.GetBytes(bytes);
    public void NextBytes(byte[] bytes, int start, int len) => random.GetBytes(bytes, start, len);
    public void NextBytes(Span<byte> bytes) => random.GetBytes(bytes);
}
