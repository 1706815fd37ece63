using Thaw.Protocol;

namespace Thaw.Tests.World;

/// <summary>RFC 4787 §4.1, §5: what a mapping or a filter depends on.</summary>
public enum Dependence { EndpointIndependent, AddressDependent, AddressAndPortDependent }

/// <summary>A translator with one public address. Mappings never expire but can be forgotten, as at a reboot.</summary>
internal sealed class Nat(TransportAddress publicAddress, Dependence mapping, Dependence filtering)
{
    private readonly Dictionary<(TransportAddress Inside, TransportAddress Towards), ushort> _ports = [];
    private readonly Dictionary<ushort, (TransportAddress Inside, HashSet<TransportAddress> Permitted)> _bindings = [];
    private ushort _nextPort = 40_000;

    /// <summary>The private addresses behind it.</summary>
    public HashSet<TransportAddress> Inside { get; } = [];

    public bool Hides(TransportAddress address) => Inside.Contains(address);

    public bool Owns(TransportAddress address) => address.SameAddress(publicAddress);

    public TransportAddress Outbound(TransportAddress inside, TransportAddress destination)
    {
        var key = (inside, Relevant(destination, mapping));
        if (!_ports.TryGetValue(key, out ushort port))
        {
            _ports[key] = port = _nextPort++;
            _bindings[port] = (inside, []);
        }

        _bindings[port].Permitted.Add(Relevant(destination, filtering));
        return publicAddress.WithPort(port);
    }

    public TransportAddress? Inbound(TransportAddress source, TransportAddress destination)
        => _bindings.TryGetValue(destination.Port, out var binding) && binding.Permitted.Contains(Relevant(source, filtering))
            ? binding.Inside
            : null;

    /// <summary>Forgets every binding; new ones get new ports.</summary>
    public void Reboot()
    {
        _ports.Clear();
        _bindings.Clear();
    }

    private static TransportAddress Relevant(TransportAddress address, Dependence on) => on switch
    {
        Dependence.EndpointIndependent => default,
        Dependence.AddressDependent => address.WithPort(0),
        _ => address,
    };
}
