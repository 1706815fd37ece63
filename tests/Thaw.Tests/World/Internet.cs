using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Tests.World;

/// <summary>A <see cref="Script"/>'s sites and servers, built into a simulation: where each side's addresses are.</summary>
internal sealed class Internet
{
    public static readonly TransportAddress StunServer = Address("192.0.2.53", 3478), TurnServer = Address("192.0.2.100", 3478);

    private const int Port = 50_000;

    private static readonly TransportAddress TurnOverTcp = TurnServer.WithPort(443).Over(TransportProtocol.Tcp);
    private static readonly TurnCredential Credential = new("alice", "secret");

    private static readonly TurnServerOptions TurnOptions = new()
    {
        Users = [new TurnUser(Credential.Username, Credential.Password)],
        RelayAddresses = [new RelayAddress(TurnServer)],
        Policy = PeerPolicy.Public.With([AddressPrefix.Parse("192.0.2.0/24"), AddressPrefix.Parse("198.51.100.0/24"), AddressPrefix.Parse("203.0.113.0/24")], []),
    };

    private readonly Script _script;
    private Realm? _sharedCarrier, _sharedHome;

    public Internet(Script script)
    {
        _script = script;
        Net = new Simulation(script.Seed) { DefaultLink = script.Link };
        Stun = Net.Add("stun", new World.StunServer(), StunServer);
        Stun.IsOff = script.StunIsSilent;
        if (!script.Offerer.HasRelay && !script.Answerer.HasRelay) return;

        var noon = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
        Turn = Net.Add("turn", new TurnServer(TurnOptions, new RelayPorts(), Net.NewRandom(), noon, Net.Now), TurnServer);
        Turn.IsOff = script.TurnIsSilent;
        Turn.OwnsAllPorts = true;
        if (script.RelayRangeIsBlocked) Turn.Policy = new Policy { NoUdpInOn = (49152, 65535) };
    }

    public Endpoint<World.StunServer> Stun { get; }

    /// <summary>Null where nobody has a relay.</summary>
    public Endpoint<TurnServer>? Turn { get; }

    public Simulation Net { get; }

    public List<Middlebox> Boxes { get; } = [];

    public static TransportAddress Address(string address, int port)
        => TransportAddress.TryParse(address, port, out var parsed) ? parsed : throw new FormatException(address);

    /// <summary>Where the host of one side stands.</summary>
    /// <param name="side">0 for the offerer, 1 for the answerer.</param>
    public (Realm Realm, IceHostSetup Setup) Place(int side)
    {
        var site = side == 0 ? _script.Offerer : _script.Answerer;
        var realm = RealmOf(site, side);
        bool isPublic = realm == Net.Internet || realm.Gateways.All(box => box is Firewall);

        // All homes use the same private network; where nothing is shared, both hosts even have the same address.
        int number = _script.Sharing is Sharing.Nothing ? 2 : 2 + side;
        string v4 = isPublic ? $"198.51.100.{10 + side}" : $"192.168.1.{number}";
        List<TransportAddress> bases = [];
        for (int i = 0; i < site.DeadAddresses; i++) bases.Add(Address($"172.{17 + i}.0.{1 + side}", Port));
        bases.Add(Address(v4, Port));
        if (site.IPv6 is not IPv6.None) bases.Insert(0, Address($"2001:db8:{side + 1}::{number}", Port));

        return (realm, new IceHostSetup([.. bases], ServersFor(site),
            site.ListensOnTcp ? Address(v4, 443).Over(TransportProtocol.Tcp) : null,
            site.DialsTcp ? Address(v4, Port + 1).Over(TransportProtocol.Tcp) : null));
    }

    /// <summary>Adds a machine there. Dead addresses are its own, but no network knows them.</summary>
    public Endpoint<T> Add<T>(string name, T machine, Realm realm, IceHostSetup setup) where T : IMachine
    {
        var nowhere = new Realm("nowhere");
        var endpoint = Net.Add(name, machine, nowhere);
        var dry = new Link(_script.Link.LatencyMs); // else a world would be one with or without STUN by chance
        foreach (var server in new Endpoint?[] { Stun, Turn })
        {
            if (server is null) continue;
            Net.Links.Add((endpoint, server, dry));
            Net.Links.Add((server, endpoint, dry));
        }

        foreach (var address in setup.Bases) endpoint.Attach(address, address.ToString().StartsWith("172.", StringComparison.Ordinal) ? nowhere : realm);
        if (setup.Listener is { } listener)
        {
            endpoint.Attach(listener, realm);
            endpoint.Listeners.Add(listener);
        }

        if (setup.Dialer is { } dialer) endpoint.Attach(dialer, realm);
        return endpoint;
    }

    private static GatheringServer[] ServersFor(Site site)
    {
        var stun = new GatheringServer("stun", StunServer, GatheringKind.Stun);
        if (!site.HasRelay) return [stun];
        bool hasUdp = site.Nat.HasUdp && site.Carrier is not { HasUdp: false };
        return [stun, new GatheringServer("turn", hasUdp ? TurnServer : TurnOverTcp, GatheringKind.Turn, Credential: Credential)];
    }

    private Realm RealmOf(Site site, int side)
    {
        if (_script.Sharing is Sharing.Home && side == 1) return _sharedHome!;

        var outer = Net.Internet;
        if (site.Carrier is { } carrier)
        {
            if (side == 0 || _script.Sharing is not Sharing.Carrier) _sharedCarrier = Around(carrier, outer, $"203.0.113.{1 + side}", side);
            outer = _sharedCarrier!;
        }

        var realm = Around(site.Nat, outer, outer == Net.Internet ? $"203.0.113.{11 + side}" : $"100.64.0.{11 + side}", side);
        if (realm != Net.Internet && site.IPv6 is not IPv6.None)
        {
            var v6 = new Firewall { IsForIPv6 = true, Policy = site.IPv6 is IPv6.Broken ? new Policy { BlackHolesIPv6 = true } : site.Nat.Policy };
            v6.Connect(realm, Net.Internet);
        }

        _sharedHome = realm;
        return realm;
    }

    private Realm Around(NatKind kind, Realm outer, string outside, int side)
    {
        if (kind.Make(Address(outside, 0), _script.Seed + side) is not { } box) return outer;
        Boxes.Add(box);
        return Net.Behind(box, outer, kind.Name);
    }
}
