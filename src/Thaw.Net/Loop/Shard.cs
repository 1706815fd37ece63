using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Threading.Channels;
using Thaw.Net.Names;
using Thaw.Net.Udp;
using Thaw.Protocol;

namespace Thaw.Net.Loop;

/// <summary>
/// One loop: a thread, a socket per local address, and the sessions it owns. Everything that touches their machines
/// happens here. A thread that waits in poll() costs far less CPU per datagram than awaited receives do: docs/decisions/0004.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The loop disposes of its sockets as it ends; Stop ends it.")]
internal sealed partial class Shard
{
    // Budgets keep a flood in one place from starving the others; what is left over comes in the next turn.
    private const int DatagramsPerTurn = 64; // per socket
    private const int SessionsPerTurn = 256;
    private const int WorkPerSession = 16;

    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1); // should a wake-up ever be lost
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(1); // should a machine want to wake in the past

    private readonly Clock _clock;
    private readonly WakeSocket _wake = new();
    private readonly Channel<Errand> _errands = Channel.CreateBounded<Errand>(new BoundedChannelOptions(256) { SingleReader = true });
    private readonly ConcurrentQueue<Session> _ready = new(); // each session at most once
    private readonly WakeHeap _wakes = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Socket> _readable = [];
    private int _asleep;
    private volatile bool _stopping;

    public Shard(string name, Clock clock, RouteTable routes, IEnumerable<LocalSocket> sockets)
    {
        Name = name;
        Routes = routes;
        _clock = clock;
        foreach (var socket in sockets) AddSocket(socket);
        ReceiveBufferBytes = _sockets.Values.Min(s => s.ReceiveBufferSize);
        SendBufferBytes = _sockets.Values.Min(s => s.SendBufferSize);
    }

    /// <summary>Leads the username fragments of its sessions.</summary>
    public string Name { get; }

    public RouteTable Routes { get; }

    /// <summary>Whom to ask for names that hide addresses; null: they stay unknown.</summary>
    public NameLoop? Names { get; init; }

    public Counters Counters { get; } = new();

    public int ReceiveBufferBytes { get; }

    public int SendBufferBytes { get; }

    /// <summary>Ends when the loop does; faulted if it died of an exception.</summary>
    public Task Ended => _ended.Task;

    public void Start() => new Thread(Run) { IsBackground = true, Name = $"thaw-udp-{Name}" }.Start();

    public void Stop()
    {
        _stopping = true;
        Wake();
    }

    /// <summary>Runs <paramref name="action"/> on this loop.</summary>
    public async ValueTask<T> PostAsync<T>(Func<Instant, T> action, CancellationToken cancel)
    {
        var errand = new Errand<T>(action, cancel);
        try
        {
            await _errands.Writer.WriteAsync(errand, cancel);
        }
        catch (ChannelClosedException)
        {
            throw PeerHostException.HostStopped();
        }

        Wake();
        return await errand.Done;
    }

    public void Schedule(Session session)
    {
        _ready.Enqueue(session);
        Wake();
    }

    private void Run()
    {
        Exception? crash = null;
        try
        {
            while (!_stopping) Turn();
        }
        catch (Exception e)
        {
            crash = e;
        }

        Shutdown(crash);
        if (crash is null) _ended.TrySetResult();
        else _ended.TrySetException(crash);
    }

    private void Turn()
    {
        RunErrands();
        RunReadySessions();
        AdvanceDueSessions();
        Wait();
        foreach (var socket in _readable)
        {
            if (socket is LocalSocket local) ReceiveFrom(local);
            else _wake.Clear();
        }
    }

    private void RunErrands()
    {
        while (_errands.Reader.TryRead(out var errand))
        {
            try
            {
                errand.Run(_clock.Now);
                errand.Finish();
            }
            catch (Exception e)
            {
                errand.Abandon(e); // the poster's to deal with: no session's state was at stake
            }
        }
    }

    private void AdvanceDueSessions()
    {
        var now = _clock.Now;
        while (_wakes.TryTakeDue(now, out var session)) Advance(session, now);
    }

    // Sleeps until a datagram, a deadline or a post. Posters look at _asleep after they have enqueued and we look at the
    // queues after we have set it, so one of the two sees the other.
    private void Wait()
    {
        _readable.Clear();
        foreach (var socket in _sockets.Values) _readable.Add(socket);
        _readable.Add(_wake.Socket);

        Interlocked.Exchange(ref _asleep, 1);
        bool idle = _ready.IsEmpty && !_errands.Reader.TryPeek(out _) && !_stopping;
        Socket.Select(_readable, null, null, idle ? UntilNextDeadline() : TimeSpan.Zero);
        Volatile.Write(ref _asleep, 0);
    }

    private TimeSpan UntilNextDeadline()
    {
        if (_wakes.Next == Instant.Never) return LongestSleep;

        var left = _wakes.Next - _clock.Now;
        if (left <= TimeSpan.Zero) return TimeSpan.Zero;
        if (left >= LongestSleep) return LongestSleep;
        return TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)); // poll() counts whole milliseconds
    }

    private void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _asleep) == 1 && Interlocked.Exchange(ref _asleep, 0) == 1) _wake.Signal();
    }

    private void Shutdown(Exception? crash)
    {
        foreach (var session in _sessions.ToArray())
        {
            if (crash is null) Close(session);
            else Remove(session, new PeerHostException(PeerHostError.HostStopped, $"The loop died of a bug: {crash.Message}", crash));
        }

        _errands.Writer.TryComplete();
        while (_errands.Reader.TryRead(out var errand)) errand.Abandon(PeerHostException.HostStopped());
        foreach (var socket in _sockets.Values) socket.Dispose();
        _wake.Dispose();
    }
}
