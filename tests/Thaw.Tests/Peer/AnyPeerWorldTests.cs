using CsCheck;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

public sealed class AnyPeerWorldTests
{
    private sealed record Any(int Seed, DtlsRole ServerRole, double Latency, double Jitter, double Loss, double Duplication, double TrickleAfter, bool Junk,
        double CutAt, double RestartAt, bool Damage);

    private static readonly Gen<Any> Worlds =
        from seed in Gen.Int[0, 1_000_000]
        from role in Gen.Bool
        from link in Gen.Select(Gen.Double[0, 120], Gen.Double[0, 60], Gen.Double[0, 0.25], Gen.Double[0, 0.1])
        from trickle in Gen.Double[-1, 4] // below zero the offer has the candidates
        from junk in Gen.Bool
        from later in Gen.Select(Gen.Double[-20, 6], Gen.Double[-8, 8]) // below zero never
        from damage in Gen.Int[0, 4]
        select new Any(seed, role ? DtlsRole.Client : DtlsRole.Server, link.Item1, link.Item2, link.Item3, link.Item4, trickle, junk, later.Item1, later.Item2, damage == 0);

    [Fact]
    public void Whatever_the_network_does_both_sides_connect_or_say_why_not_in_time()
        => Worlds.Sample(any => Ends(any), iter: 120, threads: 1);

    private static void Ends(Any any)
    {
        using var world = new PeerWorld(any.Seed, config => config with { DtlsRole = any.ServerRole });
        world.Net.DefaultLink = new Link(any.Latency, any.Jitter, any.Loss, any.Duplication);
        if (any.CutAt >= 0) world.Net.Firewalls.Add(_ => world.Net.Elapsed < TimeSpan.FromSeconds(any.CutAt));

        var random = new Random(any.Seed);
        if (any.Damage) world.Net.Firewalls.Add(packet => random.Next(20) > 0 || Flip(packet.Payload));

        string offer = world.Offer();
        if (any.TrickleAfter >= 0)
        {
            string[] lines = [.. offer.Split("\r\n").Where(l => l.StartsWith("a=candidate", StringComparison.Ordinal)).Select(l => l[2..]).Distinct(),
                .. any.Junk ? ["candidate:9 1 udp 9999 192.0.2.250 9 typ host", "candidate:8 1 udp 1 x.local 9 typ host"] : Array.Empty<string>()];
            random.Shuffle(lines);
            offer = JointTests.WithoutCandidates(offer);
            world.Net.After(TimeSpan.FromSeconds(any.TrickleAfter), () => world.Server.Do((peer, now) => { foreach (string line in lines) peer.AddRemoteCandidate(line, now); }));
        }

        world.Accept(offer);
        world.Caller.Do((peer, now) => peer.OpenChannel("chat", now));

        if (any.RestartAt >= 0) world.Net.After(TimeSpan.FromSeconds(any.RestartAt), () =>
        {
            if (!world.Caller.Machine.IsClosed && !world.Server.Machine.IsClosed) world.Restart();
        });

        // 15 s in all, again from a restart on; a connection that was up: consent 30 s, recovery 15 s.
        world.Run(any.CutAt >= 0 ? 65 : 40);
        foreach (var side in new[] { world.Caller, world.Server })
        {
            var terminal = side.Of<PeerEvent>().Where(e => e is PeerEvent.Failed or PeerEvent.Closed).ToArray();
            bool isUp = side.Of<PeerEvent.ChannelOpened>().Any() && !side.Machine.IsClosed;
            Assert.True(isUp ? terminal.Length == 0 : terminal.Length == 1 && side.Machine.IsClosed, world.Net.Report());
            Assert.All(terminal.OfType<PeerEvent.Failed>(), failed => Assert.NotEmpty(failed.Detail));
            if (any.CutAt >= 0) Assert.False(isUp);
        }

        Assert.Equal(0, world.ServerDtls.HandshakesInFlight);

        bool Flip(byte[] payload)
        {
            payload[random.Next(payload.Length)] ^= (byte)(1 << random.Next(8));
            return true;
        }
    }
}
