using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Thaw.IceServers;
using Thaw.IceServers.Sources;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Voice.Audio;
using Thaw.Voice.Http;
using Thaw.Voice.Watching;

namespace Thaw.Voice.Calls;

/// <summary>Concluded: the attempt that these candidates were for is over, and its verdict is known.</summary>
internal enum TrickleResult { Posted, Unknown, Busy, Concluded }

/// <summary>All calls of this process, and which of them an offer or a candidate belongs to.</summary>
internal sealed class CallHost : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, CallLink> _byPcId = new();
    private readonly HashSet<Call> _calls = [];
    private readonly Lock _gate = new();
    private readonly Func<IVoiceAgent> _agent;
    private readonly int _maxCalls;
    private readonly Sessions _sessions;
    private volatile bool _draining;
    private long _started, _connected, _connectionsFailed;

    public CallHost(VoiceServerOptions options, ICallPeers peers, AudioCodecs codecs, ILogger log)
    {
        (Peers, Codecs, Log, Limits, Budget) = (peers, codecs, log, options.Limits, options.Budget);
        (_agent, _maxCalls) = (options.Agent, options.MaxSessions);
        Clock = new(options.Time);
        IceServers = IceServersOf(options, log);
        Probes = new(options, IceServers, log);
        _sessions = new(Limits.Session, capacity: 4 * options.MaxSessions + 64);
        Beat = new(Time, e => log.AudioFaulted(e), Math.Clamp(Environment.ProcessorCount, 1, 4));
    }

    public ICallPeers Peers { get; }
    public ILogger Log { get; }
    public AudioCodecs Codecs { get; }
    public CallLimits Limits { get; }
    public ConnectBudget Budget { get; }
    public Clock Clock { get; }
    public TimeProvider Time => Clock.Time;
    public Instant Now => Clock.Now;
    public AudioClock Beat { get; }

    /// <summary>What both ends of every call may use to find addresses.</summary>
    public IceServerPool IceServers { get; }

    /// <summary>What they were worth when they were last used.</summary>
    public ServerProbes Probes { get; }

    public int Limit => _maxCalls;

    public int Count
    {
        get
        {
            lock (_gate) return _calls.Count;
        }
    }

    public int SessionCount => _sessions.Count(Now);

    public long Started => Volatile.Read(ref _started);

    public long Connected => Volatile.Read(ref _connected);

    public long ConnectionsFailed => Volatile.Read(ref _connectionsFailed);

    public Patience BodyPatience => new(Limits.Body, Time);

    /// <summary>No new calls; those that run, run on.</summary>
    public bool IsDraining => _draining;

    public IReadOnlyList<Call> Snapshot()
    {
        lock (_gate) return [.. _calls];
    }

    public static string NewPcId() => "ThawPeer-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Null if there are too many sessions.</summary>
    public VoiceSession? StartSession(JsonElement? body) => _sessions.TryCreate(body, Now);

    /// <summary>The servers for a browser that has this session, or that has none.</summary>
    /// <param name="host">By which it has reached us.</param>
    /// <param name="reached">The same, as a relay in this process must know it.</param>
    public IceServerSet IceServersFor(VoiceSession? session, string? host, ReachedBy? reached)
    {
        string user = "b-" + (session?.Id.Replace("-", "", StringComparison.Ordinal)[..12] ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)));
        var set = IceServers.ForBrowser(user, host, reached);
        if (session is not null) session.Ice = new(host, reached, set.ExpiresAt);
        return set;
    }

    public bool HasSession(string id) => _sessions.Find(id, Now) is not null;

    /// <inheritdoc cref="Sessions.TryAdopt"/>
    public bool AdoptSession(string id) => _sessions.TryAdopt(id, Now);

    public async Task<OfferResult> OfferAsync(Offer offer, CancellationToken cancel)
    {
        while (true)
        {
            if (_draining) return new OfferResult.Busy("The server is shutting down.");
            if ((CallOf(offer) ?? TryStartCall(offer)) is not { } call) return new OfferResult.Busy("All lines are busy.");

            var result = await call.OfferAsync(offer, cancel);
            if (result is not OfferResult.CallOver) return result;
            Forget(call); // it ended while the offer waited: the next round finds another or makes one
        }
    }

    /// <summary>Posts candidates to the call that the pc_id names, or else a username fragment in them. Never waits.</summary>
    public TrickleResult Trickle(string pcId, IReadOnlyList<TrickledCandidate> candidates, out string verdict)
    {
        verdict = "";
        if (!_byPcId.TryGetValue(pcId, out var link)) link = OnlyLinkWith(candidates.FirstOrDefault(c => c.Ufrag is not null).Ufrag);
        if (link is null) return TrickleResult.Unknown;
        if (link.Verdict is { } known && candidates.Count > 0 && candidates.All(c => c.Ufrag is { } ufrag && ufrag == link.RemoteUfrag))
        {
            (verdict, link.SpokeLate) = (known, true);
            return TrickleResult.Concluded;
        }

        return link.Call.Post(new CallInput.Trickled(link, candidates)) ? TrickleResult.Posted : TrickleResult.Busy;
    }

    /// <summary>False for a pc_id that names no connection; a null verdict where nothing has failed. Asking is no sign of life.</summary>
    public bool TryFindVerdict(string pcId, out string? verdict)
    {
        bool found = _byPcId.TryGetValue(pcId, out var link);
        verdict = link?.Verdict;
        return found;
    }

    public void Register(CallLink link) => _byPcId[link.PcId] = link;

    public void Unregister(CallLink link) => _byPcId.TryRemove(link.PcId, out _);

    public void Forget(Call call)
    {
        foreach (var (id, link) in _byPcId)
            if (link.Call == call) _byPcId.TryRemove(id, out _);
        lock (_gate)
        {
            _calls.Remove(call);
            if (call.Session is { } session) _sessions.Release(session, call, Now);
        }
    }

    public void CountConnected() => Interlocked.Increment(ref _connected);

    public void CountConnectionFailed() => Interlocked.Increment(ref _connectionsFailed);

    public void Drain() => _draining = true;

    /// <summary>Says goodbye to everyone and waits until that is out.</summary>
    public async Task StopAsync()
    {
        Drain();
        var calls = Snapshot();
        foreach (var call in calls) call.HangUp(HangUpReason.Shutdown);
        await Task.WhenAll(calls.Select(c => c.Ended));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Beat.DisposeAsync();
        await Probes.DisposeAsync();
        await IceServers.DisposeAsync();
    }

    private static IceServerPool IceServersOf(VoiceServerOptions options, ILogger log)
    {
        var pool = new IceServerPool(
            options.IceServers is [] ? options.IceSources : [new StaticSource("ice-servers", options.IceServers, options.Time), .. options.IceSources],
            new IceServerPoolOptions { Time = options.Time, Lifetime = options.IceLifetime, Changed = new IceSourceLog(log).Observe });
        pool.Start();
        return pool;
    }

    private Call? CallOf(Offer offer)
    {
        if (offer.PcId is { } id && _byPcId.TryGetValue(id, out var link)) return link.Call;

        // A retry whose first answer was lost has no pc_id, but is the same session: a second agent would be a ghost.
        if (offer is { Restart: true, SessionId: { } session } && _sessions.Find(session, Now)?.Call is { } call) return call;

        foreach (var (_, candidate) in _byPcId)
            if (candidate.Last?.Offer == offer.Sdp) return candidate.Call; // posted twice, by a proxy or an impatient client
        return null;
    }

    private Call? TryStartCall(Offer offer)
    {
        lock (_gate)
        {
            if (_draining || _calls.Count >= _maxCalls) return null; // in here, so that shutdown sees every call

            var session = offer.SessionId is { } id ? _sessions.Find(id, Now) : null;
            var call = new Call(this, _agent(), session, offer.RequestData);
            _calls.Add(call);
            _started++;
            if (session is not null) session.Call = call;
            return call;
        }
    }

    private CallLink? OnlyLinkWith(string? ufrag)
    {
        if (ufrag is null) return null;
        CallLink[] found = [.. _byPcId.Select(p => p.Value).Where(l => l.RemoteUfrag == ufrag).Take(2)];
        return found is [var only] ? only : null;
    }
}
