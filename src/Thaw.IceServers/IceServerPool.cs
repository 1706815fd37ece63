using Thaw.Net.Gathering;
using Thaw.Protocol.Gathering;

namespace Thaw.IceServers;

/// <summary>
/// All sources, the best first, and what each end of a call may use now. Getting never waits: local sources answer at once,
/// providers have been asked ahead.
/// </summary>
public sealed class IceServerPool : IAsyncDisposable
{
    private const int MostBackendUrls = 16; // as many servers as a gatherer asks

    private readonly IReadOnlyList<IIceServerSource> _sources;
    private readonly IceServerPoolOptions _options;
    private readonly Dictionary<(IIceServerSource, IceAudience), CachedGrant> _cached = [];
    private readonly Dictionary<IIceServerSource, string> _faults = [];
    private readonly CancellationTokenSource _stop = new();
    private volatile TaskCompletionSource _renewed = NewSignal();
    private Task _running = Task.CompletedTask;

    public IceServerPool(IReadOnlyList<IIceServerSource> sources, IceServerPoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        (_sources, _options) = (sources, options);
        foreach (var source in sources.Where(s => !s.IsLocal))
            foreach (var audience in (IceAudience[])[IceAudience.Browser, IceAudience.Backend])
                _cached[(source, audience)] = new CachedGrant(source, audience, options, () => Interlocked.Exchange(ref _renewed, NewSignal()).TrySetResult());
    }

    public bool IsEmpty => _sources is [];

    /// <summary>Every provider has answered or failed once; at once where there is none.</summary>
    public Task Settled => Task.WhenAll(_cached.Values.Select(c => c.Settled));

    /// <summary>For <c>/readyz</c>.</summary>
    public IReadOnlyList<IceSourceState> States
    {
        get
        {
            lock (_faults)
            {
                return [.. _sources.SelectMany(source => source.IsLocal
                    ? [StateOf(source, _faults.GetValueOrDefault(source))]
                    : _cached.Where(c => c.Key.Item1 == source).Select(c => c.Value.State))];
            }
        }
    }

    /// <summary>From now on providers are asked. Once.</summary>
    public void Start() => _running = Task.WhenAll(_cached.Values.Select(c => c.RunAsync(_stop.Token)));

    /// <summary>On a cold start a moment for the first answers; ever after none.</summary>
    public async Task WarmUpAsync(CancellationToken cancel)
    {
        var settled = Settled;
        if (!settled.IsCompleted) await Task.WhenAny(settled, Task.Delay(_options.ColdStart, _options.Time, cancel));
    }

    /// <summary>What a browser may use now, short and in order.</summary>
    /// <param name="user">Letters, digits and dashes.</param>
    /// <param name="host">By which it has reached us.</param>
    /// <param name="reached">The same, with what a relay in this process must know besides.</param>
    public IceServerSet ForBrowser(string user, string? host, ReachedBy? reached = null)
        => BrowserServers.Choose(Grants(new(IceAudience.Browser, user, _options.Lifetime, host) { ReachedBy = reached }));

    /// <summary>What our own gatherer may use now: everything that can be used.</summary>
    public IceServerSet ForBackend()
    {
        var grants = Grants(new(IceAudience.Backend, "backend", _options.Lifetime));
        var servers = new List<IceServer>();
        DateTimeOffset? expiresAt = null;
        int room = MostBackendUrls;
        foreach (var (grant, server) in grants.SelectMany(grant => grant.Servers.Select(server => (grant, server))))
        {
            var usable = server with { Urls = [.. server.Urls.Where(url => IceServerUrl.TryParse(url, out _, out _)).Take(room)] };
            if (usable.Urls.Count == 0 || !usable.TryConfigure(out _, out _)) continue;
            servers.Add(usable);
            room -= usable.Urls.Count;
            if (grant.ExpiresAt is { } end && (expiresAt is null || end < expiresAt)) expiresAt = end;
        }

        return new IceServerSet(servers, expiresAt);
    }

    /// <summary>Calls back with what the backend may use, now and whenever that has changed or is half over. Any number may follow.</summary>
    public async Task FollowBackendAsync(Action<IceServerSet> changed, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        while (!either.IsCancellationRequested)
        {
            var renewed = _renewed.Task;
            var set = ForBackend();
            changed(set);
            // Cached ones announce their renewal themselves; this is for what is minted here.
            var half = set.ExpiresAt is { } end ? (end - _options.Time.GetUtcNow()) / 2 : Timeout.InfiniteTimeSpan;
            if (set.ExpiresAt is not null) half = half < CachedGrant.FirstRetry ? CachedGrant.FirstRetry : half < CachedGrant.LatestRenewal ? half : CachedGrant.LatestRenewal;
            using var woken = CancellationTokenSource.CreateLinkedTokenSource(either.Token);
            await Task.WhenAny(renewed, Task.Delay(half, _options.Time, woken.Token));
            await woken.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>Of each source in turn, what is valid now.</summary>
    private IReadOnlyList<IceServerGrant> Grants(IceServerRequest request)
    {
        var now = _options.Time.GetUtcNow();
        var all = _sources.Select(source => source.IsLocal ? Mint(source, request) : _cached[(source, request.Audience)].Current);
        return [.. all.OfType<IceServerGrant>().Where(grant => grant.Servers is not [] && (grant.ExpiresAt is null || grant.ExpiresAt > now))];
    }

    private IceServerGrant? Mint(IIceServerSource source, IceServerRequest request)
    {
        string? fault = null;
        IceServerGrant? grant = null;
        try
        {
            var minted = source.MintAsync(request, CancellationToken.None);
            if (minted.IsCompletedSuccessfully) grant = minted.Result;
            else if (minted.IsCompleted) grant = minted.GetAwaiter().GetResult();
            else fault = "it does not answer at once, though it is local";
        }
        catch (IceSourceException e)
        {
            fault = e.Message;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            fault = $"it failed unexpectedly ({e.GetType().Name})";
        }

        bool isNews;
        lock (_faults)
        {
            isNews = _faults.GetValueOrDefault(source) != fault;
            if (fault is null) _faults.Remove(source);
            else _faults[source] = fault;
        }

        if (isNews) _options.Changed(StateOf(source, fault));
        return grant;
    }

    private static IceSourceState StateOf(IIceServerSource local, string? fault)
        => new(local.Name, null, fault is null ? IceSourceHealth.Local : IceSourceHealth.Failing, Error: fault);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
