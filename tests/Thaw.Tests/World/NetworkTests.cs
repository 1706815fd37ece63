using Thaw.Protocol;
using Xunit;
using static Thaw.Tests.World.Dependence;

namespace Thaw.Tests.World;

/// <summary>The simulator keeps to the words it uses.</summary>
public sealed class NetworkTests
{
    private static readonly TransportAddress Outside = Internet.Address("203.0.113.9", 0), Inside = Internet.Address("192.168.1.2", 5000), Neighbour = Internet.Address("192.168.1.3", 5000);
    private static readonly TransportAddress There = Internet.Address("198.51.100.1", 7000), OtherPort = There.WithPort(7001), Elsewhere = Internet.Address("198.51.100.2", 7000);

    private static readonly Instant Now = new(0);

    [Theory]
    [InlineData(EndpointIndependent, true, true)]
    [InlineData(AddressDependent, true, false)]
    [InlineData(AddressAndPortDependent, false, false)]
    public void A_mapping_depends_on_what_it_says(Dependence mapping, bool sameForOtherPort, bool sameForOtherAddress)
    {
        var nat = Make(new NatBehaviour(mapping, EndpointIndependent));
        var first = nat.Outbound(Inside, There, Now);
        Assert.Equal(first, nat.Outbound(Inside, There, Now));
        Assert.Equal(sameForOtherPort, first == nat.Outbound(Inside, OtherPort, Now));
        Assert.Equal(sameForOtherAddress, first == nat.Outbound(Inside, Elsewhere, Now));
    }

    [Theory]
    [InlineData(EndpointIndependent, true, true)]
    [InlineData(AddressDependent, true, false)]
    [InlineData(AddressAndPortDependent, false, false)]
    public void A_filter_depends_on_what_it_says(Dependence filtering, bool letsOtherPort, bool letsOtherAddress)
    {
        var nat = Make(new NatBehaviour(EndpointIndependent, filtering));
        var outside = nat.Outbound(Inside, There, Now)!.Value;
        Assert.Equal(Inside, nat.Inbound(There, outside, Now));
        Assert.Equal(letsOtherPort ? Inside : null, nat.Inbound(OtherPort, outside, Now));
        Assert.Equal(letsOtherAddress ? Inside : null, nat.Inbound(Elsewhere, outside, Now));
        Assert.Null(nat.Inbound(There, outside.WithPort(1), Now));
    }

    [Fact]
    public void Ports_are_preserved_counted_or_random()
    {
        Assert.Equal([5000, 5001], Ports(PortAssignment.Preserving)); // the neighbour's port is taken
        Assert.Equal([40_000, 40_001], Ports(PortAssignment.Sequential));
        Assert.NotEqual(1, Math.Abs(Ports(PortAssignment.Random)[0] - Ports(PortAssignment.Random)[1]));

        static int[] Ports(PortAssignment ports)
        {
            var nat = Make(new NatBehaviour(EndpointIndependent, EndpointIndependent) { Ports = ports });
            return [nat.Outbound(Inside, There, Now)!.Value.Port, nat.Outbound(Neighbour, There, Now)!.Value.Port];
        }
    }

    [Fact]
    public void A_mapping_lives_as_long_as_something_goes_out()
    {
        var nat = Make(new NatBehaviour(EndpointIndependent, AddressDependent) { Lifetime = TimeSpan.FromSeconds(30) });
        var outside = nat.Outbound(Inside, There, Now)!.Value;
        nat.Outbound(Inside, Elsewhere, After(25));
        Assert.Null(nat.Inbound(There, outside, After(35))); // its hole is closed, the mapping is not
        Assert.Equal(Inside, nat.Inbound(Elsewhere, outside, After(35)));
        Assert.Null(nat.Inbound(Elsewhere, outside, After(56)));
        Assert.NotEqual(outside, nat.Outbound(Inside, There, After(60)));

        static Instant After(double seconds) => Now + TimeSpan.FromSeconds(seconds);
    }

    [Fact]
    public void An_arbitrary_pool_gives_one_host_many_addresses()
    {
        var nat = new Nat(new NatBehaviour(AddressDependent, EndpointIndependent) { PoolsArbitrarily = true }, 1, Outside, Internet.Address("203.0.113.10", 0));
        var addresses = Enumerable.Range(1, 50).Select(i => nat.Outbound(Inside, Internet.Address($"198.51.100.{i}", 1), Now)!.Value.WithPort(0));
        Assert.Equal(2, addresses.Distinct().Count());
    }

    [Fact]
    public void A_firewall_lets_answers_in_and_what_comes_to_an_open_port()
    {
        var firewall = new Firewall { OpenPorts = { Neighbour } };
        Assert.Null(firewall.Inbound(There, Inside, Now));
        Assert.Equal(Inside, firewall.Outbound(Inside, There, Now));
        Assert.Equal(Inside, firewall.Inbound(There, Inside, Now));
        Assert.Null(firewall.Inbound(OtherPort, Inside, Now));
        Assert.Equal(Neighbour, firewall.Inbound(There, Neighbour, Now));
    }

    [Fact]
    public void Links_lose_what_is_too_big_and_all_of_it_in_an_outage()
    {
        var net = new Simulation(1) { DefaultLink = new Link(Mtu: 1280) { Outage = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)) } };
        var from = net.Add("from", new Puncher([There]), There);
        int heard = 0;
        var to = net.Add("to", new Puncher([Elsewhere]), Elsewhere);
        net.Firewalls.Add(_ => { heard++; return true; });
        Assert.Equal([1, 1, 1, 2], new[] { (0.0, 1252), (0.1, 1253), (1.5, 10), (2.0, 10) }.Select(send =>
        {
            net.At(TimeSpan.FromSeconds(send.Item1), () => net.Carry(from, There, Elsewhere, new byte[send.Item2]));
            net.RunFor(TimeSpan.FromSeconds(send.Item1) + TimeSpan.FromMilliseconds(50) - net.Elapsed);
            return to.Delivered;
        }));
        Assert.Equal(4, heard);
    }

    [Fact]
    public void Streams_keep_their_order_and_lose_nothing()
    {
        var net = new Simulation(7) { DefaultLink = new Link(LatencyMs: 10, JitterMs: 50, Loss: 0.3) };
        var (client, server) = (There.Over(TransportProtocol.Tcp), Elsewhere.Over(TransportProtocol.Tcp));
        var from = net.Add("client", new Puncher([client]), client);
        var to = net.Add("server", new Recorder(), server);
        for (int i = 0; i < 100; i++) net.At(TimeSpan.FromMilliseconds(i), () => net.Carry(from, client, server, [(byte)to.Machine.Sent++]));
        net.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (byte)i), to.Machine.Heard);
    }

    private static Nat Make(NatBehaviour behaviour) => new(behaviour, 3, Outside);

    private sealed class Recorder : IMachine
    {
        public int Sent { get; set; }
        public List<byte> Heard { get; } = [];

        public void Receive(in Datagram datagram, Instant now) => Heard.Add(datagram.Payload[0]);

        public void Advance(Instant now)
        {
        }

        public Output Poll(Span<byte> buffer, Instant now) => Output.Idle(Instant.Never);
    }
}
