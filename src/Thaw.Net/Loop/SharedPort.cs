using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using Thaw.Net.Addresses;
using Thaw.Net.Gathering;
using Thaw.Net.Names;
using Thaw.Net.Tcp;
using Thaw.Net.Udp;
using Thaw.Protocol;

namespace Thaw.Net.Loop;

/// <summary>One UDP port on all local addresses, served by a few loops, and the addresses as they come and go.</summary>
internal sealed partial class SharedPort : IAsyncDisposable
{
    private const int MostShards = 8; // one decimal digit names a loop
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan LongestStreamGoodbye = TimeSpan.FromMilliseconds(250);

    private readonly PeerHostOptions _options;
    private readonly IReadOnlyList<ConfiguredServer> _servers;
    private readonly Shard[] _shards;
    private readonly HashSet<IPAddress> _addresses;
    private readonly NameLoop? _names;
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ended; // never faulted: failures surface in _completion
    private volatile TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposed;

    private SharedPort(PeerHostOptions options, IReadOnlyList<ConfiguredServer> servers, Clock clock, List<LocalSocket[]> rows, int loops)
    {
        _options = options;
        _servers = servers;
        Clock = clock;
        UdpPort = rows[0][0].Local.Port;
        _addresses = [.. rows.Select(row => row[0].Local.Address)];
        _passive = new PassiveTcp(Routes, clock, _streamCounters, options.MaxTcpStreams, options.MaxTcpStreamsPerPrefix);
        _listeners = ListenTcp();
        _announced = new PublicNames(options.Announce, Dns.GetHostAddressesAsync, clock.Time);
        _nat64 = new Nat64(Dns.GetHostAddressesAsync, clock.Time);
        _names = options.ResolveLocalNames ? new NameLoop(options, clock) : null;
        Compose(_addresses);
        _shards = new Shard[loops];
        for (int i = 0; i < loops; i++)
        {
            _shards[i] = new Shard(i.ToString(CultureInfo.InvariantCulture), clock, Routes, rows.Select(row => row[i])) { Names = _names };
            _shards[i].Start();
        }

        var following = options.Addresses is null ? FollowAddressesAsync(_stop.Token) : Task.CompletedTask;
        _gathering = Gather();
        var gathering = _gathering?.RunAsync(_stop.Token) ?? Task.CompletedTask;
        var sweeping = _passive.SweepAsync(_stop.Token);
        var lookingUp = _announced.FollowAsync(Compose, _stop.Token);
        var naming = _names?.Ended ?? Task.CompletedTask;
        var translating = _nat64.FollowAsync(() => _bases, _stop.Token);
        _ended = Task.WhenAll([.. _shards.Select(s => SurfaceAsync(s.Ended)), .. new[] { following, sweeping, gathering, lookingUp, naming, translating }.Select(SurfaceAsync)]);
    }

    public Clock Clock { get; }

    public int UdpPort { get; }

    public RouteTable Routes { get; } = new();

    public PeerHostStatistics Statistics => Counters.Sum(_shards, _streamCounters, Routes.Streams.Count, OwnSessions);

    public Task Completion => _completion.Task;

    public static SharedPort Open(PeerHostOptions options, Clock clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueLength, 2);
        int loops = !OperatingSystem.IsLinux() ? 1
            : Math.Clamp(options.Shards > 0 ? options.Shards : Environment.ProcessorCount, 1, MostShards);
        var servers = Configure(options.IceServers);
        var rows = new List<LocalSocket[]>();
        try
        {
            rows = PortBinder.BindAll(LocalAddresses.Find(options), options.UdpPort, loops);
            return rows.Count >= (options.Addresses?.Count ?? 1) ? new SharedPort(options, servers, clock, rows, loops) : throw NoAddress(options);
        }
        catch (Exception e)
        {
            foreach (var socket in rows.SelectMany(row => row)) socket.Dispose();
            if (e is NetworkInformationException) throw NoAddress(options, e);
            throw;
        }
    }

    private static PeerHostException NoAddress(PeerHostOptions options, Exception? inner = null) => new(PeerHostError.NoAddress, options switch
    {
        { Addresses: { } wanted } => $"Each of these must be an address of this machine, given once: {string.Join(", ", wanted)}.",
        { Interfaces.Include: { Count: > 0 } names } => $"No interface that is up and has an address matches {string.Join(", ", names)}.",
        { Interfaces.Exclude.Count: > 0 } => "Every interface that is up and has an address is excluded.",
        _ => "No network interface has an address that can be used: not even loopback is up.",
    }, inner);

    public async ValueTask<Session> AddAsync(
        Func<PeerSeat, Instant, IHostedPeer> create, IPeerListener listener, CancellationToken cancel)
    {
        var shard = _shards.MinBy(s => s.Load)!;
        if (_shards.Sum(s => s.Load) - OwnSessions >= _options.MaxSessions)
            throw new PeerHostException(PeerHostError.TooManySessions, $"All {_options.MaxSessions} sessions of this host are in use.");

        return await shard.AddAsync(
            now => create(new PeerSeat(_candidates, shard.Name, _random, _nat64.Prefix), now), listener, _options.QueueLength, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1) return;

        await _stop.CancelAsync();
        _names?.Dispose();
        foreach (var shard in _shards) shard.Stop();
        await Task.WhenAny(_ended, Task.Delay(LongestGoodbye, Clock.Time)); // a listener that blocks must not hold us up
        _listeners?.Dispose();
        await _passive.StopAsync(LongestStreamGoodbye);
        _completion.TrySetResult();
        _stop.Dispose();
        _random.Dispose();
    }

    private async Task SurfaceAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e)
        {
            _completion.TrySetException(e);
            _ = _completion.Task.Exception;
        }
    }

    private async Task FollowAddressesAsync(CancellationToken stop)
    {
        try
        {
            NetworkChange.NetworkAddressChanged += OnAddressChanged;
        }
        catch (NetworkInformationException)
        {
            // No announcements here: the timer remains.
        }

        try
        {
            while (true)
            {
                await Task.WhenAny(_changed.Task, Task.Delay(_options.AddressRefresh, Clock.Time, stop));
                if (stop.IsCancellationRequested) return;
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                await RefreshAddressesAsync();
            }
        }
        catch (PeerHostException e) when (e.Error is PeerHostError.HostStopped)
        {
        }
        finally
        {
            NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        }
    }

    private void OnAddressChanged(object? sender, EventArgs e) => _changed.TrySetResult();

    // Sockets first, candidates last: what is offered can be received. Sessions on an address that has gone learn of it
    // as any peer learns of a dead path, by unanswered checks.
    private async Task RefreshAddressesAsync()
    {
        IReadOnlyList<IPAddress> found;
        try
        {
            found = LocalAddresses.Find(_options);
        }
        catch (NetworkInformationException)
        {
            return; // interfaces are changing under us: the next look will do
        }

        IPAddress[] gone = [.. _addresses.Except(found)];
        IPAddress[] added = [.. found.Except(_addresses)];
        foreach (var address in gone) await RemoveAsync(address);
        foreach (var address in added) await AddAsync(address);
        Compose(found.Where(_addresses.Contains));
        if (gone.Length + added.Length > 0) _gathering?.SetBases(UdpBases);
    }

    private async Task AddAsync(IPAddress address)
    {
        LocalSocket[]? row;
        try
        {
            row = PortBinder.TryBind(address, UdpPort, _shards.Length);
        }
        catch (PeerHostException)
        {
            return; // another program has the port there: tried again at every refresh
        }

        if (row is null) return;
        for (int i = 0; i < row.Length; i++)
        {
            var (shard, socket) = (_shards[i], row[i]);
            await shard.PostAsync(_ => { shard.AddSocket(socket); return true; }, CancellationToken.None);
        }
        _listeners?.TryListen(address);
        _addresses.Add(address);
    }

    private async Task RemoveAsync(IPAddress address)
    {
        _addresses.Remove(address);
        _listeners?.Forget(address);
        var local = new TransportAddress(address, (ushort)UdpPort);
        foreach (var shard in _shards)
            await shard.PostAsync(_ => { shard.RemoveSocket(local); return true; }, CancellationToken.None);
    }
}
