using Thaw.Protocol;

namespace Thaw.Tests.World;

/// <summary>
/// An address realm (RFC 2663 §2.1): whoever is in it sends to each other directly, everything else leaves by a
/// middlebox. The internet is the realm without one.
/// </summary>
internal sealed class Realm(string name)
{
    private readonly Dictionary<TransportAddress, object> _sites = []; // by IP address: endpoints, or the box in front of another realm
    private readonly List<Middlebox> _gateways = [];

    public string Name { get; } = name;

    /// <summary>The first that carries an address family is its default route.</summary>
    public IReadOnlyList<Middlebox> Gateways => _gateways;

    public override string ToString() => Name;

    public Middlebox? GatewayFor(TransportAddress destination)
    {
        foreach (var box in _gateways)
            if (box.Carries(destination)) return box;
        return null;
    }

    public void Attach(TransportAddress address, Endpoint endpoint)
    {
        var key = Key(address);
        if (_sites.TryGetValue(key, out object? site))
        {
            var endpoints = (List<Endpoint>)site;
            if (!endpoints.Contains(endpoint)) endpoints.Add(endpoint);
        }
        else
        {
            _sites[key] = new List<Endpoint> { endpoint };
        }

        foreach (var box in _gateways)
            if (box is Firewall && box.Carries(address)) box.Outer.Route(address, box);
    }

    public void Detach(TransportAddress address, Endpoint endpoint)
    {
        if (_sites.TryGetValue(Key(address), out object? site) && site is List<Endpoint> endpoints)
        {
            endpoints.Remove(endpoint);
            if (endpoints.Count == 0) _sites.Remove(Key(address));
        }
    }

    /// <summary>What is sent to this IP address goes to the box: its own outer address, or one that it guards.</summary>
    public void Route(TransportAddress address, Middlebox box)
    {
        _sites[Key(address)] = box;
        foreach (var gateway in _gateways)
            if (gateway is Firewall && gateway.Carries(address)) gateway.Outer.Route(address, gateway);
    }

    public void AddGateway(Middlebox box) => _gateways.Add(box);

    /// <summary>The endpoint at this address, or the box in front of it, or null where the address is elsewhere.</summary>
    public object? Find(TransportAddress destination)
    {
        if (!_sites.TryGetValue(Key(destination), out object? site)) return null;
        if (site is not List<Endpoint> endpoints) return site;
        foreach (var endpoint in endpoints)
            if (endpoint.Owns(destination)) return endpoint;
        return endpoints[0]; // the host is here, the port is closed
    }

    private static TransportAddress Key(TransportAddress address) => address.WithPort(0).Over(TransportProtocol.Udp);
}
