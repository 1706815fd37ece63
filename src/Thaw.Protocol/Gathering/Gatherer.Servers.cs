namespace Thaw.Protocol.Gathering;

public sealed partial class Gatherer
{
    private HashSet<(GatheringServer, GatheringFailure)> _useless = [];

    /// <summary>The local UDP sockets, as they come and go. What was learned through one that is gone is gone too.</summary>
    public void SetBases(IReadOnlyList<TransportAddress> udpBases, Instant now)
    {
        _bases = [.. udpBases.Distinct().Take(MaxBases)];
        Arrange(now);
    }

    /// <summary>
    /// The servers, resolved. One that is listed again (same kind, address, TLS and host name) keeps what it has; another
    /// credential is used from its next allocation on.
    /// </summary>
    public void SetServers(IReadOnlyList<GatheringServer> servers, Instant now)
    {
        _servers = [.. servers.DistinctBy(KeyOf)];
        Arrange(now);
    }

    private static (GatheringKind, TransportAddress, bool, string) KeyOf(GatheringServer server)
        => (server.Kind, server.Address, server.Tls, server.Tls ? server.HostName : "");

    /// <summary>Makes paths for what is new and retires those whose server or base is gone. The servers' order is the paths'.</summary>
    private void Arrange(Instant now)
    {
        if (_isClosed) return;

        var wanted = new List<ServerPath>();
        var useless = new HashSet<(GatheringServer, GatheringFailure)>();
        foreach (var (index, server) in _servers.Index())
        {
            bool isStream = server.Address.Protocol is TransportProtocol.Tcp;
            IReadOnlyList<TransportAddress> locals = isStream ? [default] : [.. BasesFor(server)];
            int room = index < MaxServers ? MaxPaths - wanted.Count : 0;
            if (!CanAsk(server)) useless.Add((server, GatheringFailure.TransportNotSupported));
            else if (locals is []) useless.Add((server, GatheringFailure.NoBase));
            else if (locals.Count > room) useless.Add((server, GatheringFailure.LimitReached));
            else wanted.AddRange(locals.Select(local => Keep(server, local, now)));
        }

        foreach (var (server, cause) in useless.Except(_useless))
            Tell(new Observation.GatheringFailed(server.Name, default, cause, 0, "", TimeSpan.MaxValue));
        _useless = useless;
        foreach (var path in _paths.Except(wanted)) Retire(path, now);
        _paths.Clear();
        _paths.AddRange(wanted);
        Conclude();
    }

    private static bool CanAsk(GatheringServer server)
        => server.Address.Protocol is TransportProtocol.Udp ? !server.Tls : server.Kind is GatheringKind.Turn; // no DTLS; no STUN over TCP: it maps no UDP port

    private IEnumerable<TransportAddress> BasesFor(GatheringServer server)
    {
        var address = server.Address;
        var family = _bases.Where(local => local.IsIPv4 == address.IsIPv4 && local.IsLinkLocal == address.IsLinkLocal).ToArray();
        var loopback = family.Where(local => local.IsLoopback).ToArray();
        return !address.IsLoopback ? family.Except(loopback) : loopback is [] ? family : loopback;
    }

    private ServerPath Keep(GatheringServer server, TransportAddress local, Instant now)
    {
        var key = KeyOf(server);
        var known = _paths.Find(path => KeyOf(path.Server) == key && (path.IsStream || path.Base == local));
        if (known is not null)
        {
            bool isNewCredential = known.Server.Credential != server.Credential;
            known.Server = server;
            if (isNewCredential && known.Stage is RelayStage.Waiting && known.StartAt > now) known.StartAt = now;
            return known;
        }

        var path = new ServerPath(server, local);
        if (!path.IsStream) path.Watch(_random, now);
        if (path.IsTurn) (path.Stage, path.StartAt) = (RelayStage.Waiting, now);
        return path;
    }

    private void Conclude()
    {
        UpdateAddresses();
        bool isSettled = _paths.TrueForAll(path => path.IsSettled
            || (path.IsTurn && _paths.Exists(other => other.Stage is RelayStage.Held && KeyOf(other.Server) == KeyOf(path.Server))));
        if (isSettled && !IsSettled) Tell(new GatheringEvent.Settled());
        IsSettled = isSettled;
    }

    /// <summary>Leaves out what repeats a base or another mapped address of the same base (RFC 8445 §5.1.3).</summary>
    private void UpdateAddresses()
    {
        if (_isClosed) return;
        var addresses = new List<GatheredAddress>();
        foreach (var path in _paths)
        {
            var mapped = path.Mapped;
            if (mapped == default || mapped == path.Base || mapped.IsLoopback) continue;
            if (addresses.Exists(known => known.Address == mapped && known.Base == path.Base)) continue;
            addresses.Add(new GatheredAddress(GatheredKind.ServerReflexive, mapped, path.Base, path.Server));
        }

        int relays = 0;
        foreach (var path in _paths)
        {
            if (path.Stage is not RelayStage.Held || path.Turn is not { IsTrusted: true } turn) continue;
            foreach (var relayed in turn.Relayed)
                if (relays++ < _options.MaxRelays) addresses.Add(new GatheredAddress(GatheredKind.Relayed, relayed, relayed, path.Server));
        }

        bool isSame = addresses.Select(Identity).SequenceEqual(Addresses.Select(Identity));
        Addresses = addresses;
        if (!isSame) Tell(new GatheringEvent.AddressesChanged());

        static (GatheredKind, TransportAddress, TransportAddress) Identity(GatheredAddress a) => (a.Kind, a.Address, a.Base);
    }
}
