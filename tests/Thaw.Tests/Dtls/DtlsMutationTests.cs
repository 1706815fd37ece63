using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Xunit;

namespace Thaw.Tests.Dtls;

/// <summary>Hostile bytes end in a clean failure or in nothing: never in an exception, never in a thread that stays.</summary>
public sealed class DtlsMutationTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_mutated_handshake_never_throws_and_always_ends(bool attackServer)
    {
        using var host = new Thaw.Dtls.BouncyCastleDtls();
        int connected = 0, failed = 0;
        for (int seed = 1; seed <= 60; seed++)
        {
            var random = new Random(seed);
            using var world = new DtlsWorld(host, host);
            var victim = attackServer ? world.Server : world.Client;
            world.Network = (from, datagram) => world.PeerOf(from) == victim && random.Next(2) == 0 ? Mutate(datagram, random) : [datagram];

            world.Start().RunUntil(() => world.BothConnected || victim.Failed is not null);

            Assert.True(victim.Events.Any(e => e is DtlsEvent.Failed or DtlsEvent.Connected), $"seed {seed} wedged");
            if (victim.Failed is null) connected++;
            else failed++;
            Assert.Equal(Instant.Never, victim.WakeAt);
        }

        Assert.Equal(0, host.HandshakesInFlight);
        Assert.InRange(connected, 5, 59); // both outcomes must occur, or the mutations prove nothing
        Assert.InRange(failed, 1, 55);
    }

    [Fact]
    public void A_connected_association_shrugs_mutated_datagrams_off()
    {
        var random = new Random(7);
        using var world = new DtlsWorld();
        List<byte[]> recorded = [];
        world.Network = (from, datagram) =>
        {
            if (from == world.Client) recorded.Add(datagram);
            return [datagram];
        };
        world.Connect();
        world.Client.Engine.Send("payload"u8, world.Now);
        world.Drain();
        world.RunFor(1);

        for (int i = 0; i < 2000; i++)
        {
            foreach (byte[] datagram in Mutate(recorded[random.Next(recorded.Count)], random)) world.Deliver(world.Server, datagram);
        }

        Assert.Null(world.Server.Failed);
        Assert.Single(world.Server.Data);
        world.Client.Engine.Send("after"u8, world.Now);
        world.Drain();
        world.RunFor(1);
        Assert.Equal("after"u8.ToArray(), world.Server.Data[^1]);
    }

    [Fact]
    public void Every_truncation_and_bit_of_the_client_hello_is_survived()
    {
        using var host = new Thaw.Dtls.BouncyCastleDtls();
        using var world = new DtlsWorld(host, host) { Network = (_, _) => [] };
        world.Start();
        byte[] hello = world.Client.Sent[0].Datagram;
        byte[] buffer = new byte[Output.BufferLength];

        for (int i = 0; i < hello.Length; i++)
        {
            byte[] flipped = [.. hello];
            flipped[i] ^= (byte)(1 << (i % 8));
            foreach (byte[] datagram in (byte[][])[flipped, hello[..i]])
            {
                using var server = host.Create(new(DtlsRole.Server, host.LocalFingerprint, new World.SeededRandom(i)));
                server.Start(world.Now);
                server.Receive(datagram, world.Now);
                while (server.Poll(buffer, world.Now).Kind != OutputKind.Idle) { }
            }
        }

        Assert.Equal(1, host.HandshakesInFlight); // this world's client and nobody else
    }

    [Theory]
    [InlineData(0x30)] // SEQUENCE
    [InlineData(0xA0)] // [0]
    [InlineData(0x24)] // constructed OCTET STRING
    public void A_certificate_nested_as_deep_as_a_message_allows_does_not_exhaust_the_fibre(byte tag)
    {
        byte[] nested = new byte[8000];
        for (int i = 0; i < nested.Length; i += 2) (nested[i], nested[i + 1]) = (tag, 0x80); // each opens an indefinite length
        byte[] encoding = [0x30, 0x80, .. nested];
        using var pool = new Thaw.Dtls.FibrePool(1);
        var fibre = pool.TryRent()!;
        Exception? refused = null;

        fibre.Start(() => refused = Record.Exception(() =>
        {
            using var crypto = new Thaw.Dtls.Crypto.BclTlsCrypto(new World.SeededRandom(1));
            _ = new Thaw.Dtls.Crypto.BclCertificate(crypto, encoding).GetSigAlgParams();
        }));

        Assert.IsAssignableFrom<IOException>(refused); // a fatal alert
        pool.Return(fibre);
    }

    private static List<byte[]> Mutate(byte[] datagram, Random random)
    {
        byte[] copy = [.. datagram];
        switch (random.Next(7))
        {
            case 0: copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8)); return [copy];
            case 1: copy[random.Next(copy.Length)] = (byte)random.Next(256); return [copy];
            case 2: return [copy[..random.Next(copy.Length)]];
            case 3: return [copy, copy];
            case 4: return [[.. copy, .. copy[..random.Next(copy.Length)]]];
            case 5:
                int at = random.Next(copy.Length);
                random.NextBytes(copy.AsSpan(at, Math.Min(4, copy.Length - at)));
                return [copy];
            default:
                byte[] garbage = new byte[random.Next(1, 100)];
                random.NextBytes(garbage);
                garbage[0] = (byte)random.Next(20, 24);
                return [garbage, copy];
        }
    }
}
