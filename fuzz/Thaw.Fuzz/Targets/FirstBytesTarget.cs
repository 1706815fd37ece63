using Thaw.Voice.Http;

namespace Thaw.Fuzz.Targets;

/// <summary>What a connection carries, told by ever more of its bytes: a verdict stands once it is given, and is given in time.</summary>
internal static class FirstBytesTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var verdict = Spoken.Unclear;
        for (int length = 0; length <= Math.Min(input.Length, 2 * FirstBytes.Enough); length++)
        {
            var now = FirstBytes.Judge(input[..length]);
            if (verdict is not Spoken.Unclear && now != verdict) throw new InvalidOperationException($"{verdict} became {now} with byte {length}.");
            if (now is Spoken.Unclear && length >= FirstBytes.Enough) throw new InvalidOperationException($"{length} bytes do not suffice.");
            verdict = now;
        }
    }

    public static IEnumerable<Seed> Seeds()
    {
        byte[] check = StunTarget.Check(true);
        return
        [
            new("http", [.. "GET / HTTP/1.1\r\n\r\n"u8]),
            new("tls", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC]),
            new("turn", check),
            new("ice-tcp", [(byte)(check.Length >> 8), (byte)check.Length, .. check]),
            new("long-frame", [4, 0, .. check]),
        ];
    }
}
