using System.Threading.Channels;
using Thaw.IceServers;
using Thaw.Probes;

namespace Thaw.Voice.Watching;

/// <summary>
/// Uses each of this server's STUN and TURN servers once, as a caller would: at the start, when they change, and when somebody
/// asks. One round at a time, with a pause behind it; no start and no call waits for it.
/// </summary>
internal sealed class ServerProbes(VoiceServerOptions options, IceServerPool pool, ILogger log) : IAsyncDisposable
{
    /// <summary>After each round: it takes two allocations of every relay.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Above what each URL may take, and as many as a gatherer asks, eight at a time.</summary>
    public static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(15);

    private const int AtOnce = 8;
    private const int MostTold = 256; // providers may name their hosts anew with every grant

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _told = [];
    private volatile IReadOnlyList<ProbedServer> _results = [];
    private Task<IReadOnlyList<ProbedServer>>? _round;
    private long? _endedAt;
    private Task _running = Task.CompletedTask;

    /// <summary>Of the latest round; empty before it.</summary>
    public IReadOnlyList<ProbedServer> Results => _results;

    /// <summary>From now on every change is followed by a round. Once.</summary>
    public void Start() => _running = Task.WhenAll(Task.Run(FollowAsync), Task.Run(RunAsync));

    /// <summary>A round, or the one that runs, or what the latest found if that ended a moment ago. Never faulted.</summary>
    public Task<IReadOnlyList<ProbedServer>> NowAsync() => BeginAsync(evenSoon: false);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _changes.Writer.TryComplete();
        await _running;
        if (_round is { } last) await last;
        _stop.Dispose();
    }

    private Task<IReadOnlyList<ProbedServer>> BeginAsync(bool evenSoon)
    {
        lock (_gate)
        {
            if (_round is { IsCompleted: false } running) return running;
            if (_stop.IsCancellationRequested || !evenSoon && Rest() > TimeSpan.Zero) return Task.FromResult(_results);
            return _round = Task.Run(RoundAsync);
        }
    }

    private async Task FollowAsync()
    {
        try
        {
            await pool.WarmUpAsync(_stop.Token); // one round for all sources that answer at once
            await pool.FollowBackendAsync(_ => _changes.Writer.TryWrite(true), _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The server is going.
        }
        catch (Exception e)
        {
            log.ProbesFaulted(e);
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (bool _ in _changes.Reader.ReadAllAsync(_stop.Token))
            {
                Task? other;
                lock (_gate) other = _round;
                if (other is not null) await other; // of who asked before this change
                if (Rest() is { } rest && rest > TimeSpan.Zero) await Task.Delay(rest, options.Time, _stop.Token);
                await BeginAsync(evenSoon: true);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The server is going.
        }
    }

    private TimeSpan Rest() => _endedAt is { } ended ? Pause - options.Time.GetElapsedTime(ended) : TimeSpan.Zero;

    private async Task<IReadOnlyList<ProbedServer>> RoundAsync()
    {
        using var deadline = new CancellationTokenSource(LongestRound, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stop.Token);
        try
        {
            ProbeTarget[] targets = [.. pool.ForBackend().Servers.SelectMany(ProbeTarget.Of).Distinct()];
            var report = targets is [] ? null : await options.IceProber(targets, new ProbeOptions { AtOnce = AtOnce, Trusted = options.TrustedCertificates }, either.Token).WaitAsync(either.Token);
            var at = options.Time.GetUtcNow();
            _results = [.. (report?.Urls ?? []).GroupBy(url => url.Url).Select(same => ProbedServer.Of(same.MaxBy(url => url.Status)!, at))];
            foreach (var server in _results) Tell(server);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The server is going.
        }
        catch (Exception e)
        {
            log.ProbesFaulted(e);
        }

        lock (_gate) _endedAt = options.Time.GetTimestamp();
        return _results;
    }

    // A round's news only. What a server said and where it is are for who asks, not for the log.
    private void Tell(ProbedServer server)
    {
        string outcome = $"{server.Status} {server.Cause}";
        if (_told.GetValueOrDefault(server.Url) == outcome) return;
        if (_told.Count > MostTold) _told.Clear();
        _told[server.Url] = outcome;
        if (server.Status is ProbeStatus.Ok) log.IceServerWorks(server.Url, server.Milliseconds);
        else if (server.Status is ProbeStatus.Warning) log.IceServerWorksBut(server.Url, server.Cause ?? "", server.Milliseconds);
        else log.IceServerFailsProbe(server.Url, server.Cause ?? "", server.Milliseconds);
    }
}

/// <summary>What a URL was worth when it was last used.</summary>
/// <param name="Cause">Of the catalogue; null where nothing is wrong.</param>
internal sealed record ProbedServer(string Url, ProbeStatus Status, string? Cause, int Milliseconds, DateTimeOffset At)
{
    public static ProbedServer Of(UrlReport report, DateTimeOffset at)
        => new(report.Url, report.Status, report.Cause, (int)Math.Round(report.Steps.Sum(step => step.Milliseconds)), at);
}
