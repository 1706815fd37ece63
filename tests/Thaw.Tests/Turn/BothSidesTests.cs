using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;
using Thaw.Tests.Turn.Server;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Turn;

/// <summary>Our client and our server, who were written apart.</summary>
public sealed class BothSidesTests
{
    private static readonly TransportAddress Local = TurnWorld.Address("9.0.0.1", 40_000);
    private static readonly TransportAddress ServerAddress = TurnWorld.Address("9.0.0.2", 3478);
    private static readonly TransportAddress Peer = TurnWorld.Address("9.0.0.5", 7000), Peer6 = TurnWorld.Address("2600::5", 7000);

    [Theory]
    [InlineData(false, false, 0)]
    [InlineData(true, false, 0)]
    [InlineData(true, true, 0)]
    [InlineData(true, true, 0.2)]
    public void They_relay_for_hours_and_leave_nothing_behind(bool sha256, bool ipv6, double loss)
    {
        var net = new Simulation(1) { DefaultLink = new Link(Loss: loss) };
        var options = new TurnServerOptions
        {
            Realm = "thaw.test",
            Users = [new TurnUser("user", "pass")],
            OffersSha256 = sha256,
            FirstRelayPort = 50_000,
            LastRelayPort = 50_020,
            RelayAddresses = [new RelayAddress(TurnWorld.Address("9.0.0.3", 0)), .. ipv6 ? [new RelayAddress(TurnWorld.Address("2600::3", 0))] : (RelayAddress[])[]],
        };
        var server = net.Add("server", new TurnServer(options, new NumberedPorts(), net.NewRandom(), DateTimeOffset.UnixEpoch.AddYears(56), net.Now),
            [ServerAddress, .. Enumerable.Range(50_000, 21).SelectMany(p => (TransportAddress[])[TurnWorld.Address("9.0.0.3", p), TurnWorld.Address("2600::3", p)])]);
        var echo = net.Add("peer", new Echo(), Peer, Peer6);
        var gatherer = net.Add("gatherer", new Gatherer(new GathererOptions(), net.NewRandom(), net.Now), Local);
        gatherer.Do((g, now) => g.SetBases([Local], now));
        gatherer.Do((g, now) => g.SetServers([new GatheringServer("turn", ServerAddress, GatheringKind.Turn, Credential: new TurnCredential("user", "pass"))], now));
        net.RunUntil(() => gatherer.Machine.Addresses.Any(a => a.Kind is GatheredKind.Relayed), TimeSpan.FromSeconds(60));
        Assert.Equal(ipv6 ? 2 : 1, gatherer.Machine.Addresses.Count);

        int sent = 0;
        for (int second = 0; second < 7200; second += 5)
        {
            foreach (var relayed in gatherer.Machine.Addresses.Where(a => a.Kind is GatheredKind.Relayed).Select(a => a.Address).ToArray())
            {
                sent++;
                gatherer.Do((g, now) => g.SendRelayed(relayed, relayed.IsIPv4 ? Peer : Peer6, [1, 2, 3], now));
            }

            net.RunFor(TimeSpan.FromSeconds(5));
        }

        int delivered = gatherer.Seen.Count(seen => seen.Kind is OutputKind.Delivery);
        if (loss == 0) Assert.Equal(sent, delivered);
        else Assert.InRange(delivered, sent * 0.25, sent);
        Assert.Empty(gatherer.Of<Observation.RelayLost>());

        gatherer.Do((g, now) => g.Close(now));
        net.RunFor(TimeSpan.FromSeconds(6));
        if (loss == 0) Assert.Equal(0, server.Machine.AllocationCount);
        Assert.NotEmpty(echo.Machine.Heard);
    }
}
