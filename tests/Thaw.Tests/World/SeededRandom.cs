using System.Security.Cryptography;

namespace Thaw.Tests.World;

/// <summary>The base library's own abstraction, seeded: the same seed gives the same conversation.</summary>
internal sealed class SeededRandom(int seed) : RandomNumberGenerator
{
    private readonly Random _random = new(seed);

    public override void GetBytes(byte[] data) => _random.NextBytes(data);

    public override void GetBytes(Span<byte> data) => _random.NextBytes(data);
}
