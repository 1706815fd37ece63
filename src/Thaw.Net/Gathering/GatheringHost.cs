using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Thaw.Net.Loop;
using Thaw.Net.Tcp;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.Net.Gathering;

/// <summary>
/// Keeps a gatherer supplied: with the addresses of its servers, of its sockets, and with connections. What it gathers is
/// there for answers; no answer waits for it.
/// </summary>
internal sealed class GatheringHost
{
    /// <summary>For who likes to wait for the first outcome of every server.</summary>
    public static readonly TimeSpan LongestSettling = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookUpPeriod = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookUpAgain = TimeSpan.FromSeconds(10); // a name was not found, or a server does not answer
    private const int QueueLength = 4096;                                    // all relayed calls share it

    private readonly Shard _shard;
    private readonly RouteTable _routes;
    private readonly Clock _clock;
    private readonly RandomNumberGenerator _random;
    private readonly ServerDialler _dialler;
    private readonly ServerNames _names;
    private readonly Action<Observation> _observed;
    private readonly Action _changed;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource _lookUpSooner = NewSignal();
    private volatile TaskCompletionSource _reconfigured = NewSignal();
    private volatile bool _isConfigured;
    private volatile IReadOnlyList<TransportAddress> _bases;
    private volatile IReadOnlyList<GatheredAddress> _addresses = [];
    private volatile Session? _session;

    /// <param name="changed">Called on a loop when <see cref="Addresses"/> has changed.</param>
    public GatheringHost(
        IReadOnlyList<ConfiguredServer> configured, Shard shard, Clock clock, RandomNumberGenerator random, StreamCounters counters,
        IReadOnlyList<TransportAddress> bases, X509Certificate2Collection? trusted, Action<Observation> observed, Action changed)
    {
        (_shard, _routes, _clock, _random, _bases, _observed, _changed) = (shard, shard.Routes, clock, random, bases, observed, changed);
        _dialler = new ServerDialler(_routes.Streams, _routes, counters, clock, trusted);
        _names = new ServerNames(configured, Dns.GetHostAddressesAsync, observed, clock.Time);
        _isConfigured = configured is not [];
    }

    public IReadOnlyList<GatheredAddress> Addresses => _addresses;

    public Task Settled => Task.WhenAny(_settled.Task, Task.Delay(LongestSettling, _clock.Time));

    /// <summary>Whether one of the sessions of the host is the gatherer.</summary>
    public bool IsSession => _session is not null;

    /// <summary>The sockets have changed.</summary>
    public void SetBases(IReadOnlyList<TransportAddress> bases)
    {
        _bases = bases;
        if (_session is { } session) _ = PostAsync(session, (gatherer, now) => gatherer.SetBases(bases, now));
    }

    /// <summary>These are the servers now; what is listed again keeps what it has, and a new credential is used from its next allocation on.</summary>
    public void SetServers(IReadOnlyList<ConfiguredServer> configured)
    {
        _names.Servers = configured;
        _isConfigured = true;
        _reconfigured.TrySetResult();
    }

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            var session = await _shard.AddAsync(Create, new GatheringListener(Observe), QueueLength, stop);
            _session = session;
            await PostAsync(session, (gatherer, now) => gatherer.SetBases(_bases, now));
            await await Task.WhenAny(FollowNamesAsync(session, stop), session.Completion.ContinueWith(static _ => { }, TaskScheduler.Default));
            _session = null;
            if (!stop.IsCancellationRequested) Publish([]); // a bug in it, counted as a crashed session: what it had gathered is gone
        }
        catch (Exception e) when (e is OperationCanceledException or PeerHostException { Error: PeerHostError.HostStopped })
        {
        }
        finally
        {
            _settled.TrySetResult();
        }
    }

    private HostedGatherer Create(Instant now)
    {
        HostedGatherer? hosted = null;
        hosted = new HostedGatherer(new Gatherer(new GathererOptions(), _random, now), happened => On(happened, hosted!));
        return hosted;
    }

    private async Task FollowNamesAsync(Session session, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var reconfigured = _reconfigured = NewSignal();
            bool isConfigured = _isConfigured; // else its servers are still to come, and nothing has settled
            var (servers, isComplete) = await _names.LookUpAsync(LookUpAgain, stop);
            await PostAsync(session, (gatherer, now) =>
            {
                gatherer.SetServers(servers, now);
                if (isConfigured && gatherer.IsSettled) _settled.TrySetResult();
            });

            _lookUpSooner = NewSignal();
            await Task.WhenAny(reconfigured.Task, Task.Delay(LookUpAgain, _clock.Time, stop));
            if (isComplete) await Task.WhenAny(reconfigured.Task, _lookUpSooner.Task, Task.Delay(LookUpPeriod, _clock.Time, stop));
        }
    }

    // On the gatherer's loop.
    private void On(GatheringEvent happened, HostedGatherer hosted)
    {
        switch (happened)
        {
            case GatheringEvent.AddressesChanged: Publish(hosted.Gatherer.Addresses); break;
            case GatheringEvent.Settled: _settled.TrySetResult(); break;
            case GatheringEvent.ConnectionWanted wanted: _dialler.Begin(wanted, _session!); break;
            case GatheringEvent.ConnectionUnwanted unwanted: _dialler.Hang(unwanted.Id); break;
        }
    }

    private void Publish(IReadOnlyList<GatheredAddress> addresses)
    {
        foreach (var was in _addresses.Where(a => a.Kind is GatheredKind.Relayed)) _routes.Relays.TryRemove(was.Address, out _);
        if (_session is { } session)
            foreach (var relayed in addresses.Where(a => a.Kind is GatheredKind.Relayed)) _routes.Relays[relayed.Address] = session;
        _addresses = addresses;
        _changed();
    }

    // A server that does not answer may have moved.
    private void Observe(Observation observation)
    {
        if (observation is Observation.GatheringFailed { Cause: GatheringFailure.Timeout or GatheringFailure.ConnectionFailed or GatheringFailure.DialTimeout })
            _lookUpSooner.TrySetResult();
        _observed(observation);
    }

    private static async Task PostAsync(Session session, Action<Gatherer, Instant> action)
    {
        try
        {
            await session.PostAsync(now => { action(((HostedGatherer)session.Peer).Gatherer, now); return 0; }, CancellationToken.None);
        }
        catch (PeerHostException)
        {
            // It has ended; whoever watches it knows.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
