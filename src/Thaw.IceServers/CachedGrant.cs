using Thaw.IceServers.Checking;
using Thaw.Net.Gathering;
using Thaw.Protocol.Gathering;

namespace Thaw.IceServers;

/// <summary>
/// What a provider granted last for one end, kept fresh by one loop: renewed at half of its life, served until it expires when
/// the provider is down, and asked for again ever more seldom. Nobody waits for it, and it is never asked twice at a time.
/// </summary>
internal sealed class CachedGrant(IIceServerSource source, IceAudience audience, IceServerPoolOptions options, Action renewed)
{
    /// <summary>For sources that have no deadline of their own, above that of those that have.</summary>
    public static readonly TimeSpan LongestMint = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5), LastRetry = TimeSpan.FromMinutes(5), LongestRetryAfter = TimeSpan.FromHours(1);

    public static readonly TimeSpan LatestRenewal = TimeSpan.FromDays(1); // what lasts for years may change all the same, and timers last 49 days

    private static readonly TimeSpan SoonestRenewal = TimeSpan.FromSeconds(30), WithoutExpiry = TimeSpan.FromHours(1);

    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IceSourceState _state = new(source.Name, audience, IceSourceHealth.Waiting);
    private volatile IceServerGrant? _grant;
    private int _failures;

    /// <summary>Completes with the first answer or failure.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Null where there is nothing that is still valid.</summary>
    public IceServerGrant? Current => _grant is { } grant && (grant.ExpiresAt is null || grant.ExpiresAt > Now) ? grant : null;

    public IceSourceState State => _state is { Health: IceSourceHealth.Stale or IceSourceHealth.Fresh } state && Current is null ? state with { Health = IceSourceHealth.Failing } : _state;

    private DateTimeOffset Now => options.Time.GetUtcNow();

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true) await Task.Delay(await RenewAsync(stop), options.Time, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    /// <returns>How long to wait before the next time.</returns>
    private async Task<TimeSpan> RenewAsync(CancellationToken stop)
    {
        TimeSpan wait;
        try
        {
            var grant = Checked(await MintAsync(stop), out var warnings);
            wait = Success(grant, warnings);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            wait = Failure(e as IceSourceException ?? new IceSourceException("it failed unexpectedly", inner: e));
        }

        _settled.TrySetResult();
        options.Changed(State);
        return wait;
    }

    private async Task<IceServerGrant> MintAsync(CancellationToken stop)
    {
        var request = new IceServerRequest(audience, audience is IceAudience.Browser ? "browser" : "backend", options.Lifetime);
        using var deadline = new CancellationTokenSource(LongestMint, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
        try
        {
            return await source.MintAsync(request, either.Token).AsTask().WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new IceSourceException($"no answer within {LongestMint.TotalSeconds:0} s");
        }
    }

    /// <summary>Without what nobody could use.</summary>
    private IceServerGrant Checked(IceServerGrant grant, out IReadOnlyList<string> warnings)
    {
        IceServer[] usable = [.. grant.Servers.Select(s => s with { Urls = [.. s.Urls.Where(url => IceServerUrl.TryParse(url, out _, out _))] }).Where(s => s.TryConfigure(out _, out _) && s.Urls.Count > 0)];
        var findings = IceServerCheck.Of(grant.Servers, Now);
        warnings = [.. findings.Select(f => f.Code).Where(code => code is not ("many-urls" or "port-53")).Distinct()]; // of these we take care
        if (usable is []) throw new IceSourceException(findings is [var first, ..] ? $"no usable server was granted: {first.Text}" : "no server was granted");
        if (grant.ExpiresAt <= Now) throw new IceSourceException($"what was granted has expired already{(grant.ClockSkew is { } skew ? $": its clock is {Of(skew)} ours" : "")}");
        return grant with { Servers = usable };
    }

    private TimeSpan Success(IceServerGrant grant, IReadOnlyList<string> warnings)
    {
        (_grant, _failures) = (grant, 0);
        var wait = grant.ExpiresAt is { } end ? (end - Now) / 2 : WithoutExpiry;
        wait = wait < SoonestRenewal ? SoonestRenewal : wait < LatestRenewal ? wait : LatestRenewal;
        _state = new(source.Name, audience, IceSourceHealth.Fresh, grant.Servers.Count, Now, grant.ExpiresAt, null, wait,
            grant.ClockSkew is { } skew && skew.Duration() > options.TolerableSkew ? skew : null, warnings is [] ? null : warnings);
        renewed();
        return wait;
    }

    private TimeSpan Failure(IceSourceException e)
    {
        double factor = Math.Pow(2, Math.Min(_failures++, 10));
        var wait = FirstRetry * factor < LastRetry ? FirstRetry * factor : LastRetry;
        wait *= 0.5 + options.Random() / 2; // many servers that lost the same provider do not come back at once
        if (e.RetryAfter is { } asked && asked > wait) wait = asked < LongestRetryAfter ? asked : LongestRetryAfter;
        _state = _state with { Health = Current is null ? IceSourceHealth.Failing : IceSourceHealth.Stale, Error = e.Message, RetryIn = wait };
        return wait;
    }

    internal static string Of(TimeSpan skew) => $"{skew.Duration().TotalSeconds:0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")}";
}
