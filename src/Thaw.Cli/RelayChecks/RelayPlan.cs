using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;

namespace Thaw.Cli.RelayChecks;

/// <summary>What <c>thaw relay</c> would do with these options on this machine.</summary>
internal sealed record RelayPlan(RelayHostOptions Options, IReadOnlyList<IPAddress> Listen, IReadOnlyList<RelayAddress> Relays)
{
    public bool IsForPrivateNetworks { get; init; }

    public string? Certificate { get; init; }

    public string? Key { get; init; }

    /// <summary>What clients call the server; null: not told.</summary>
    public string? ServerName { get; init; }

    public static RelayPlan Of(RelayHostOptions options, Machine machine)
    {
        IReadOnlyList<IPAddress> listen = options.Listen.Count > 0 ? options.Listen
            : [.. machine.Host.Addresses.Select(a => a.Address).Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal).Distinct()];
        IReadOnlyList<RelayAddress> relays = options.Server.RelayAddresses is { Count: > 0 } given ? given
            : [.. listen.GroupBy(a => a.AddressFamily).Select(family => new RelayAddress(new TransportAddress(family.First(), 0)))];
        return new RelayPlan(options, listen, [.. relays.Select(relay => Announce(relay, options))]);
    }

    public IEnumerable<IPEndPoint> At(int port) => Listen.Select(address => new IPEndPoint(address, port));

    public static AddressFamily FamilyOf(TransportAddress address) => address.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;

    private static RelayAddress Announce(RelayAddress relay, RelayHostOptions options)
        => options.ExternalAddresses.FirstOrDefault(external => external.AddressFamily == FamilyOf(relay.Local)) is { } external
            ? relay with { Announced = new TransportAddress(external, 0) }
            : relay;
}
