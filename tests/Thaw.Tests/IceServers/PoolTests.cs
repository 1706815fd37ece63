using System.Collections.Concurrent;
using Thaw.IceServers;
using Thaw.IceServers.Sources;
using Thaw.Net.Gathering;
using Thaw.Tests.Voice;
using Xunit;

namespace Thaw.Tests.IceServers;

/// <summary>Always valid, never stale, and nobody waits: in simulated time.</summary>
public sealed class PoolTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly SteppedTime _time = new();
    private readonly ConcurrentQueue<IceSourceState> _news = new();

    public PoolTests() => _time.SetUtcNow(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_grant_is_renewed_when_half_of_its_life_is_over()
    {
        var source = new Scripted(_time);
        await using var pool = Start(source);
        await BegunAsync(Hour / 2);
        await BegunAsync(Hour / 2); // the browser's and the backend's

        Assert.Equal("browser-1", NameOf(pool.ForBrowser("b-1", null)));
        _time.Advance(Hour / 2 - TimeSpan.FromSeconds(1));
        Assert.Equal("browser-1", NameOf(pool.ForBrowser("b-2", null)));
        _time.Advance(TimeSpan.FromSeconds(1));
        await BegunAsync(Hour / 2);
        await BegunAsync(Hour / 2);

        Assert.Equal("browser-2", NameOf(pool.ForBrowser("b-3", null)));
        Assert.Equal("backend-2", NameOf(pool.ForBackend()));
        Assert.Equal(_time.GetUtcNow() + Hour, pool.ForBrowser("b-4", null).ExpiresAt);
    }

    [Fact]
    public async Task Many_who_ask_at_once_are_one_question_to_the_provider()
    {
        var source = new Scripted(_time);
        await using var pool = Start(source);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => pool.WarmUpAsync(Cancel)));
        for (int i = 0; i < 50; i++) pool.ForBrowser($"b-{i}", null);

        Assert.Equal(["backend", "browser"], source.Users.Order()); // each end has a credential of its own
    }

    [Fact]
    public async Task When_the_provider_is_down_the_last_grant_serves_until_it_expires_and_not_a_moment_longer()
    {
        var source = new Scripted(_time);
        await using var pool = Start(source);
        await BegunAsync(Hour / 2);
        await BegunAsync(Hour / 2);
        source.Fault = new IceSourceException("it cannot be reached");

        _time.Advance(Hour / 2);
        await BegunAsync(CachedGrant.FirstRetry / 2);
        await BegunAsync(CachedGrant.FirstRetry / 2);
        Assert.Equal("browser-1", NameOf(pool.ForBrowser("b-1", null)));
        var state = pool.States.First(s => s.Audience is IceAudience.Browser);
        Assert.Equal((IceSourceHealth.Stale, "it cannot be reached"), (state.Health, state.Error));

        _time.Advance(Hour / 2);
        Assert.Empty(pool.ForBrowser("b-2", null).Servers);
        Assert.Empty(pool.ForBackend().Servers);
        Assert.All(pool.States, s => Assert.Equal(IceSourceHealth.Failing, s.Health));
        Assert.All(pool.States, s => Assert.NotNull(s.LastSuccess));
    }

    [Fact]
    public async Task A_provider_that_comes_back_is_fresh_again()
    {
        var source = new Scripted(_time) { Fault = new IceSourceException("down") };
        await using var pool = Start(source);
        await BegunAsync(CachedGrant.FirstRetry / 2);
        await BegunAsync(CachedGrant.FirstRetry / 2);
        Assert.Empty(pool.ForBrowser("b-1", null).Servers);

        source.Fault = null;
        _time.Advance(CachedGrant.FirstRetry);
        await BegunAsync(Hour / 2);
        await BegunAsync(Hour / 2);

        Assert.Equal("browser-1", NameOf(pool.ForBrowser("b-1", null)));
        Assert.All(pool.States, s => Assert.Equal(IceSourceHealth.Fresh, s.Health));
    }

    [Fact]
    public async Task Retries_come_ever_more_seldom_up_to_five_minutes()
    {
        var source = new Scripted(_time) { Fault = new IceSourceException("down") };
        await using var pool = Start(source);
        foreach (double seconds in new[] { 2.5, 5, 10, 20, 40, 80, 150, 150 }) // half of each, as the jitter has it at its least
        {
            await BegunAsync(TimeSpan.FromSeconds(seconds));
            await BegunAsync(TimeSpan.FromSeconds(seconds));
            _time.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    [Theory]
    [InlineData(0, 2.5)]
    [InlineData(0.5, 3.75)]
    [InlineData(0.998, 4.995)]
    public async Task Retries_are_scattered_so_that_many_servers_do_not_come_back_at_once(double random, double seconds)
    {
        await using var pool = Start(new Scripted(_time) { Fault = new IceSourceException("down") }, random);
        await BegunAsync(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData(120, 120)]
    [InlineData(1, 2.5)]        // no reason to come sooner than by ourselves
    [InlineData(86_400, 3600)]  // but nobody keeps us away for days
    public async Task Retry_After_is_honoured(int asked, double waited)
    {
        await using var pool = Start(new Scripted(_time) { Fault = new IceSourceException("asked too often (429)", TimeSpan.FromSeconds(asked)) });
        await BegunAsync(TimeSpan.FromSeconds(waited));
    }

    [Fact]
    public async Task A_cold_start_is_waited_for_one_second_and_no_more()
    {
        await using var pool = Start(new Scripted(_time) { Silent = true });
        var warming = pool.WarmUpAsync(Cancel);
        await BegunAsync(TimeSpan.FromSeconds(1));
        Assert.False(warming.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        await warming;

        Assert.Empty(pool.ForBrowser("b-1", null).Servers); // and this has not waited at all
        Assert.All(pool.States, s => Assert.Equal(IceSourceHealth.Waiting, s.Health));
    }

    [Fact]
    public async Task A_source_that_is_silent_is_given_up_after_ten_seconds_whatever_it_does()
    {
        await using var pool = Start(new Scripted(_time) { Silent = true });
        await BegunAsync(CachedGrant.LongestMint);
        await BegunAsync(CachedGrant.LongestMint);
        _time.Advance(CachedGrant.LongestMint);
        await pool.Settled.WaitAsync(Cancel);

        Assert.All(pool.States, s => Assert.Equal("no answer within 10 s", s.Error));
    }

    [Fact]
    public async Task A_source_that_throws_anything_is_a_source_that_fails()
    {
        await using var pool = Start(new Scripted(_time) { Fault = new InvalidOperationException("secret") });
        await pool.Settled.WaitAsync(Cancel);

        Assert.All(pool.States, s => Assert.Equal("it failed unexpectedly", s.Error));
    }

    [Theory]
    [InlineData("turn://a.example", "no usable server was granted: no slashes after the scheme: these URLs have no //")]
    [InlineData("turn:a.example", "what was granted has expired already: its clock is 600 s behind ours", -1)]
    public async Task A_grant_that_is_of_no_use_is_a_failure(string url, string said, int lifeHours = 1)
    {
        await using var pool = Start(new Scripted(_time) { Url = url, Life = TimeSpan.FromHours(lifeHours), Skew = TimeSpan.FromMinutes(-10) });
        await pool.Settled.WaitAsync(Cancel);

        Assert.All(pool.States, s => Assert.Equal(said, s.Error));
        Assert.Empty(pool.ForBrowser("b-1", null).Servers);
    }

    [Theory]
    [InlineData(29, false)]
    [InlineData(-600, true)]
    public async Task A_clock_that_is_off_is_told(int seconds, bool isTold)
    {
        await using var pool = Start(new Scripted(_time) { Skew = TimeSpan.FromSeconds(seconds) });
        await pool.Settled.WaitAsync(Cancel);

        Assert.All(pool.States, s => Assert.Equal(isTold ? TimeSpan.FromSeconds(seconds) : null, s.ClockSkew));
        Assert.NotEmpty(pool.ForBrowser("b-1", null).Servers); // what is granted for a time needs no clock to agree
    }

    [Fact]
    public async Task A_relay_at_a_private_address_is_told()
    {
        await using var pool = Start(new Scripted(_time) { Url = "turn:10.0.0.1?transport=tcp" });
        await pool.Settled.WaitAsync(Cancel);

        Assert.All(pool.States, s => Assert.Equal(["host-is-private"], s.Warnings));
    }

    [Fact]
    public async Task What_never_expires_is_asked_for_again_every_hour()
    {
        await using var pool = Start(new Scripted(_time) { Life = null });
        await BegunAsync(Hour);
    }

    [Fact]
    public async Task What_lasts_for_years_is_asked_for_again_every_day_as_no_timer_lasts_so_long()
    {
        await using var pool = Start([new Scripted(_time) { Life = TimeSpan.FromDays(3650) }, new Scripted(_time) { IsLocal = true, Life = TimeSpan.FromDays(3650) }]);
        using var stop = new CancellationTokenSource();
        var following = pool.FollowBackendAsync(_ => { }, stop.Token);
        for (int i = 0; i < 3; i++) await BegunAsync(CachedGrant.LatestRenewal);
        await stop.CancelAsync();
        await following;
    }

    [Fact]
    public async Task Local_sources_mint_for_every_session_anew_and_know_by_which_host_it_came()
    {
        var source = new Scripted(_time) { IsLocal = true };
        await using var pool = Start(source);

        Assert.Equal(["b-1-1", "b-2-2"], new[] { NameOf(pool.ForBrowser("b-1", "voice.example")), NameOf(pool.ForBrowser("b-2", null)) });
        Assert.Equal("backend-3", NameOf(pool.ForBackend()));
        Assert.Equal(["voice.example", null, null], source.Hosts);
        Assert.True(pool.Settled.IsCompleted);
        Assert.Equal(IceSourceHealth.Local, Assert.Single(pool.States).Health);
    }

    [Fact]
    public async Task A_local_source_that_fails_or_would_wait_is_left_out_and_told_once()
    {
        var failing = new Scripted(_time) { IsLocal = true, Fault = new IceSourceException("no address yet") };
        await using var pool = Start([failing, new Scripted(_time) { IsLocal = true, Silent = true }, new Scripted(_time) { IsLocal = true }]);

        Assert.Equal("b-1-1", NameOf(pool.ForBrowser("b-1", null)));
        pool.ForBrowser("b-2", null);
        Assert.Equal(["no address yet", "it does not answer at once, though it is local", null], pool.States.Select(s => s.Error));
        Assert.Equal(2, _news.Count);
        failing.Fault = null;
        Assert.Equal("b-3-1", NameOf(pool.ForBrowser("b-3", null)));
        Assert.Equal(IceSourceHealth.Local, _news.Last().Health);
    }

    [Fact]
    public async Task The_first_sources_relay_goes_before_and_the_next_steps_in_where_it_has_none()
    {
        var first = new Scripted(_time) { IsLocal = true, Url = "turn:first.example" };
        await using var pool = Start([first, new StaticSource("list", [new IceServer(["turn:second.example"], "u", "p")], _time)]);

        Assert.Equal("turn:first.example:3478?transport=udp", pool.ForBrowser("b-1", null).Servers[^1].Urls[0]);
        first.Fault = new IceSourceException("gone");
        Assert.Equal("turn:second.example:3478?transport=udp", pool.ForBrowser("b-1", null).Servers[^1].Urls[0]);
    }

    [Fact]
    public async Task A_pasted_credential_serves_until_the_time_in_its_name()
    {
        long expiry = (_time.GetUtcNow() + Hour).ToUnixTimeSeconds();
        await using var pool = Start([new StaticSource("list", [new IceServer(["turn:a.example"], $"{expiry}:u", "p")], _time)]);

        Assert.Equal(_time.GetUtcNow() + Hour, pool.ForBrowser("b-1", null).ExpiresAt);
        _time.Advance(Hour);
        Assert.Empty(pool.ForBrowser("b-1", null).Servers);
        Assert.Equal("its credentials have expired", Assert.Single(pool.States).Error);
    }

    [Fact]
    public async Task Our_own_gatherer_is_given_new_credentials_in_time()
    {
        var sets = new ConcurrentQueue<IceServerSet>();
        await using var pool = Start([new Scripted(_time), new Scripted(_time) { IsLocal = true, Life = 2 * Hour }]);
        await pool.Settled.WaitAsync(Cancel);
        using var stop = new CancellationTokenSource();
        var following = pool.FollowBackendAsync(sets.Enqueue, stop.Token);

        await BegunAsync(Hour / 2); // the loops of the two ends, and this
        await BegunAsync(Hour / 2);
        await BegunAsync(Hour / 2);
        Assert.Equal(["backend-1", "backend-1"], sets.Single().Servers.Select(s => s.Username));
        _time.Advance(Hour / 2);
        await BegunAsync(Hour / 2);
        await BegunAsync(Hour / 2);
        await BegunAsync(Hour / 2);
        Assert.Equal("backend-2", sets.Last().Servers[0].Username);

        await stop.CancelAsync();
        await following;
    }

    [Fact]
    public async Task All_who_follow_hear_of_a_renewal()
    {
        var (one, two) = (new ConcurrentQueue<IceServerSet>(), new ConcurrentQueue<IceServerSet>());
        await using var pool = Start(new Scripted(_time));
        await pool.Settled.WaitAsync(Cancel);
        using var stop = new CancellationTokenSource();
        var following = Task.WhenAll(pool.FollowBackendAsync(one.Enqueue, stop.Token), pool.FollowBackendAsync(two.Enqueue, stop.Token));

        for (int i = 0; i < 4; i++) await BegunAsync(Hour / 2); // the loops of the two ends, and these
        _time.Advance(Hour / 2);
        for (int i = 0; i < 4; i++) await BegunAsync(Hour / 2);

        Assert.Equal(("backend-2", "backend-2"), (one.Last().Servers[0].Username, two.Last().Servers[0].Username));
        await stop.CancelAsync();
        await following;
    }

    [Fact]
    public async Task A_backend_takes_sixteen_URLs_at_most_and_none_that_it_could_not_read()
    {
        string[] urls = [.. Enumerable.Range(0, 20).Select(i => $"turn:{i}.example"), "nonsense"];
        await using var pool = Start([new StaticSource("list", [new IceServer(["nonsense"]), new IceServer(urls, "u", "p"), new IceServer(["turn:more.example"], "u", "p")], _time)]);

        Assert.Equal(16, pool.ForBackend().Servers.Sum(s => s.Urls.Count));
    }

    private IceServerPool Start(IIceServerSource source, double random = 0) => Start([source], random);

    private IceServerPool Start(IIceServerSource[] sources, double random = 0)
    {
        var pool = new IceServerPool(sources, new() { Time = _time, Lifetime = Hour, Random = () => random, Changed = _news.Enqueue });
        pool.Start();
        return pool;
    }

    private Task BegunAsync(TimeSpan wait) => _time.WaitBegunAsync(wait).WaitAsync(TimeSpan.FromSeconds(10), Cancel);

    private static string? NameOf(IceServerSet set) => set.Servers[^1].Username;

    private sealed class Scripted(SteppedTime time) : IIceServerSource
    {
        private readonly ConcurrentDictionary<IceAudience, int> _minted = [];
        private int _all;

        public string Name => "scripted";

        public bool IsLocal { get; init; }

        public Exception? Fault { get; set; }

        public bool Silent { get; init; }

        public string Url { get; init; } = "turn:a.example?transport=tcp";

        public TimeSpan? Life { get; init; } = Hour;

        public TimeSpan? Skew { get; init; }

        public ConcurrentQueue<string> Users { get; } = new();

        public ConcurrentQueue<string?> Hosts { get; } = new();

        public async ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel)
        {
            Users.Enqueue(request.User);
            Hosts.Enqueue(request.Host);
            if (Silent) await new TaskCompletionSource().Task; // heeds nobody
            if (Fault is not null) throw Fault;
            int number = IsLocal ? Interlocked.Increment(ref _all) : _minted.AddOrUpdate(request.Audience, 1, (_, n) => n + 1);
            return new([new IceServer([Url], $"{request.User}-{number}", "p")], time.GetUtcNow() + Life, Skew);
        }
    }
}
