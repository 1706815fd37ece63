using Thaw.Net.Addresses;
using Thaw.Net.Gathering;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Ice;

namespace Thaw.Net.Loop;

internal sealed partial class SharedPort
{
    private readonly GatheringHost? _gathering;

    /// <summary>Completes when every ICE server has answered or failed once, after 5 s in any case.</summary>
    public Task GatheringSettled => _gathering?.Settled ?? Task.CompletedTask;

    private int OwnSessions => _gathering is { IsSession: true } ? 1 : 0;

    private TransportAddress[] UdpBases => [.. _bases.Where(b => b.Protocol is TransportProtocol.Udp)];

    private GatheringHost? Gather() => _servers is [] && !_options.IceServersFollow
        ? null
        : new GatheringHost(_servers, _shards[^1], Clock, _random, _streamCounters, UdpBases, _options.TrustedCertificates, _options.Observed, Compose);

    public void SetIceServers(IReadOnlyList<IceServer> servers)
        => (_gathering ?? throw new InvalidOperationException("This host was not opened to gather.")).SetServers(Configure(servers));

    private static List<ConfiguredServer> Configure(IReadOnlyList<IceServer> given)
    {
        var servers = new List<ConfiguredServer>();
        foreach (var server in given)
        {
            if (!server.TryConfigure(out var configured, out string error)) throw new PeerHostException(PeerHostError.BadIceServer, $"ICE server {error}.");
            servers.AddRange(configured);
        }

        return servers;
    }

    private static ForeignCandidate Foreign(GatheredAddress gathered)
    {
        var via = gathered.Server.Address.Protocol is TransportProtocol.Udp ? RelayTransport.Udp : gathered.Server.Tls ? RelayTransport.Tls : RelayTransport.Tcp;
        var type = gathered.Kind is GatheredKind.Relayed ? CandidateType.Relayed : CandidateType.ServerReflexive;
        return new ForeignCandidate(type, gathered.Address, gathered.Base, gathered.Server.Address.ToString(), via);
    }
}
