using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Thaw.IceServers;
using Thaw.IceServers.Sources;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Turn;
using Thaw.Relay;

namespace Thaw.Voice.Relaying;

/// <summary>
/// A TURN server that leads to this server's media and nowhere else, for callers to whom it gave a credential. It listens on
/// a port of its own, and takes what others found to be TURN's. docs/decisions/0007.
/// </summary>
internal sealed class EmbeddedRelay : IIceServerSource, IAsyncDisposable
{
    private const int FreePortAttempts = 8; // one is free on one address and taken on another
    private const int RelaysOfSession = 32; // a browser takes one for each URL and interface, and a restart as many again
    private const int RelaysOfCall = 16, MostRelays = 10_000;

    private readonly EmbeddedRelayOptions _options;
    private readonly PeerHost _peers;
    private readonly TimeProvider _time;
    private readonly string? _announced;
    private readonly string _secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private volatile Served _served = new([], []);

    private EmbeddedRelay(EmbeddedRelayOptions options, VoiceServerOptions server, PeerHost peers)
    {
        (_options, _peers, _time) = (options, peers, server.Time);
        _announced = server.PublicAddresses is [var known, ..] ? known.HostName ?? Reach.InUrl(known.Address!) : null;
        Host = Start(server);
    }

    public RelayHost Host { get; }

    /// <summary>It has another port than it was told to take.</summary>
    public bool HasMoved => _options.Port != 0 && Host.Port != _options.Port;

    /// <returns>Null where it is not wanted, or finds no port.</returns>
    public static EmbeddedRelay? TryStart(VoiceServerOptions options, PeerHost peers)
    {
        if (options.Relay is null) return null;
        try
        {
            return new EmbeddedRelay(options.Relay, options, peers);
        }
        catch (RelayHostException)
        {
            return null;
        }
    }

    string IIceServerSource.Name => "embedded relay";

    bool IIceServerSource.IsLocal => true;

    /// <summary>For browsers only: where this server's relay is reached, there this server is. The user's name marks its allocations.</summary>
    public ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel)
    {
        if (request is not { Audience: IceAudience.Browser, ReachedBy: { } reached }) return new(IceServerGrant.None);

        string? best = _peers.LocalCandidates.Where(c => c.Type is CandidateType.Host && !c.Base.IsLoopback).Select(c => Reach.InUrl(c.Address.Address)).FirstOrDefault();
        return MintAsync(RelayUrls.For(reached, _announced, best, Host.Port), request, cancel);
    }

    public Task AdoptAsync(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote) => Host.AdoptAsync(transport, local, remote, isTls: false);

    public Task AdoptTlsAsync(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote) => Host.AdoptAsync(transport, local, remote, isTls: true);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private RelayHost Start(VoiceServerOptions server)
    {
        TransportAddress[] media = [.. Media()];
        var relay = new RelayHostOptions
        {
            Listen = [.. media.Select(address => address.Address).Distinct()],
            Port = _options.Port,
            Loops = 1,
            Server = new TurnServerOptions
            {
                SharedSecrets = [_secret],
                RelayAddresses = RelayAddresses(media),
                UserQuota = RelaysOfSession,
                TotalQuota = Math.Min(MostRelays, RelaysOfCall * server.MaxSessions + RelaysOfSession),
                Policy = PeerPolicy.Only(Media),
            },
        };
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return RelayHost.Start(attempt == 0 ? relay : relay with { Port = 0 });
            }
            catch (RelayHostException) when (attempt < FreePortAttempts)
            {
                // Taken, or not for this user.
            }
        }
    }

    // Nobody but this machine sends to them or hears from them, so they are on no interface: it may go and another come. What
    // is announced is only a name for them; it is no loopback one if that can be, which Firefox would pair with nothing else.
    private static RelayAddress[] RelayAddresses(TransportAddress[] media) =>
    [
        .. media.GroupBy(address => address.IsIPv4).Select(family => new RelayAddress(
            new TransportAddress(family.Key ? IPAddress.Any : IPAddress.IPv6Any, 0), family.OrderBy(address => address.IsLoopback).First())),
    ];

    /// <summary>Where this server's media is now. Loops ask for every permission.</summary>
    private IReadOnlyList<TransportAddress> Media()
    {
        var candidates = _peers.LocalCandidates;
        if (_served is var served && ReferenceEquals(served.Candidates, candidates)) return served.Bases;
        served = new Served(candidates,
            [.. candidates.Where(c => c.Type is CandidateType.Host && c.Base.Protocol is TransportProtocol.Udp).Select(c => c.Base).Distinct()]);
        _served = served;
        return served.Bases;
    }

    private async ValueTask<IceServerGrant> MintAsync(IReadOnlyList<string> urls, IceServerRequest request, CancellationToken cancel)
    {
        var grant = await new CoturnSource("", urls, Encoding.UTF8.GetBytes(_secret), lifetime: null, ':', _time).MintAsync(request, cancel);
        return grant with { IsOneRelay = true };
    }

    private sealed record Served(IReadOnlyList<Candidate> Candidates, TransportAddress[] Bases);
}
