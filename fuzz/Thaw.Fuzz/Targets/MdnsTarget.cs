using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Mdns;

namespace Thaw.Fuzz.Targets;

/// <summary>Every accessor of a message that was accepted as well formed, and a resolver that hears it while it asks.</summary>
internal static class MdnsTarget
{
    private const string Name = "fa203e71-f625-47e3-80d6-420f618ffc4b.local";
    private static readonly TransportAddress Responder = new(IPAddress.Parse("192.0.2.1"), 5353);

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (MdnsReader.TryRead(input, out var message) is null)
        {
            foreach (var record in message)
            {
                record.IsNamed(Name);
                record.TryReadAddress(out _);
            }
        }

        var resolver = new MdnsResolver();
        resolver.Resolve(Name, new Instant(0));
        resolver.Receive(new Datagram(Responder, default, input), new Instant(1));
        Span<byte> buffer = stackalloc byte[Output.BufferLength];
        for (int outputs = 0; resolver.Poll(buffer, new Instant(1)).Kind is not OutputKind.Idle; outputs++)
            if (outputs > 100) throw new InvalidOperationException("It never becomes idle.");
    }

    public static IEnumerable<Seed> Seeds() =>
    [
        new("question", Written(buffer => MdnsWriter.WriteQuestion(buffer, Name, DnsType.A))),
        new("answer-a", Written(buffer => MdnsWriter.WriteAnswer(buffer, Name, new TransportAddress(IPAddress.Parse("192.0.2.7"), 0), 120))),
        new("answer-aaaa", Written(buffer => MdnsWriter.WriteAnswer(buffer, Name, new TransportAddress(IPAddress.Parse("2001:db8::7"), 0), 120))),
        new("compressed", [0, 0, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, (byte)'a', 5, .. "local"u8, 0, 0, 1, 0, 1, 1, (byte)'b', 0xC0, 14, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]),
    ];

    private static byte[] Written(Func<byte[], int> write)
    {
        byte[] buffer = new byte[512];
        return buffer[..write(buffer)];
    }
}
