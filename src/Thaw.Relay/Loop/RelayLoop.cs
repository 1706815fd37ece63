using System.Security.Cryptography;
using System.Threading.Channels;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Streams;
using Thaw.Relay.Udp;
using Thaw.Relay.Watch;

namespace Thaw.Relay.Loop;

/// <summary>
/// One thread with one TURN server, its sockets and its clients. On one port several loops listen; the system gives each
/// client's datagrams to the same one.
/// </summary>
internal sealed partial class RelayLoop : IRelayPorts, IDisposable
{
    private const int StreamErrands = 1024; // waiting for the loop; who brings more waits in turn, and so does the client

    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Rounds = TimeSpan.FromSeconds(1); // between looks at unused streams and the wall clock

    private readonly IDatagramEdge _edge;
    private readonly Clock _clock;
    private readonly OpenRelays _open;
    private readonly RelayHostOptions _options;
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly Dictionary<TransportAddress, EdgeSocket> _listeners = [];
    private readonly Dictionary<int, EdgeSocket> _relays = [];
    private readonly Dictionary<FiveTuple, StreamClient> _streams = [];
    private readonly Channel<StreamErrand> _errands = Channel.CreateBounded<StreamErrand>(new BoundedChannelOptions(StreamErrands) { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[Output.BufferLength];
    private readonly Arrival _arrived;
    private readonly bool _forwards;
    private Instant _now;
    private long _turn; // of the edge, at which it is _now
    private Instant _nextRound;
    private Instant _wakeAt;
    private int _asleep;
    private volatile bool _stopping;
    private volatile bool _draining;
    private volatile bool _isDrainSeen;
    private volatile int _allocations;

    public RelayLoop(
        string name, Func<IcmpArrival, IDatagramEdge> edge, Clock clock, OpenRelays open, MovedClients moved, IRelayLedger ledger, TurnServerOptions server,
        RelayHostOptions options)
    {
        Name = name;
        _edge = edge(Undelivered);
        _clock = clock;
        _open = open;
        _moved = moved;
        _options = options;
        _now = clock.Now;
        _arrived = Arrived;
        Ledger = ledger;
        _forwards = server.IsMobile;
        Server = new TurnServer(server, this, _random, clock.Time.GetUtcNow(), _now, ledger);
    }

    public string Name { get; }

    /// <summary>Only this loop's thread may touch it; counters may be read from elsewhere and are then a little old.</summary>
    public TurnServer Server { get; }

    public IDatagramEdge Edge => _edge;

    public StreamDeadlines StreamDeadlines => _options.StreamDeadlines;

    public int AllocationCount => _allocations;

    /// <summary>What its thread has cost so far; null until it runs.</summary>
    public ThreadCosts? Costs { get; private set; }

    /// <summary>Ports that the system did not give: another program's, or there is no file left.</summary>
    public long PortsRefused { get; private set; }

    /// <summary>Messages that clients over TCP or TLS missed, as they read too slowly.</summary>
    public long StreamMessagesMissed { get; set; }

    public bool IsStopping => _stopping;

    public bool IsDraining => _draining;

    public IRelayLedger Ledger { get; }

    public OpenRelays Open => _open;

    public Clock Clock => _clock;

    /// <summary>Ends when the loop does; faulted if it died of an exception.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Before <see cref="Start"/>.</summary>
    public void AddListener(EdgeSocket socket) => _listeners.Add(socket.Local, socket);

    public void Start() => new Thread(Run) { IsBackground = true, Name = $"thaw-relay-{Name}" }.Start();

    public void Drain()
    {
        _draining = true;
        _edge.Wake();
    }

    public void Stop()
    {
        _stopping = true;
        _edge.Wake();
    }

    bool IRelayPorts.TryOpen(RelayedTransportAddress relayed)
    {
        if (relayed.Local.Protocol is TransportProtocol.Tcp) return TryOpenTcp(relayed);
        if (_edge.TryOpen(relayed.Local, EdgeUse.Relay) is not { } socket)
        {
            PortsRefused++;
            return false;
        }

        socket.Relayed = relayed;
        relayed.Handle = socket.Handle;
        _relays.Add(socket.Handle, socket);
        _open.Set(relayed.Local);
        return true;
    }

    void IRelayPorts.Close(RelayedTransportAddress relayed)
    {
        if (relayed.Local.Protocol is TransportProtocol.Tcp)
        {
            CloseTcp(relayed);
            return;
        }

        _open.Clear(relayed.Local);
        if (_relays.Remove(relayed.Handle, out var socket)) _edge.Close(socket);
    }

    bool IRelayPorts.IsOpen(TransportAddress relayed) => _open.Contains(relayed);

    public void Dispose()
    {
        _dtls?.Dispose();
        _edge.Dispose();
        _random.Dispose();
    }

    private void Run()
    {
        Exception? crash = null;
        try
        {
            Costs = ThreadCosts.OfThisThread();
            while (!_stopping) Turn();
            CloseDtls();
            Server.Close(_clock.Now);
            DrainServer();
            _edge.Flush();
        }
        catch (Exception e)
        {
            crash = e;
        }

        _errands.Writer.TryComplete();
        foreach (var stream in _streams.Values) stream.Abort();
        EndPeers();
        if (crash is null) _ended.TrySetResult();
        else _ended.TrySetException(crash);
        EndQuestions();
    }

    private void Turn()
    {
        _now = _clock.Now;
        TakeOrders();
        RunErrands();
        if (_now >= _wakeAt)
        {
            Server.Advance(_now);
            DrainServer();
        }

        AdvanceDtls();
        if (_now >= _nextRound) GoRound();
        AnswerQuestion();
        _edge.Flush();
        _allocations = Server.AllocationCount;
        _isDrainSeen = Server.IsDraining; // in this order: whoever sees it sees all allocations that there can be

        // Posters look at _asleep after they have enqueued and we look at the queue after we have set it.
        Interlocked.Exchange(ref _asleep, 1);
        bool idle = !_errands.Reader.TryPeek(out _) && !_questions.Reader.TryPeek(out _) && !_stopping && _draining == Server.IsDraining && Volatile.Read(ref _reloaded) is null;
        _edge.Receive(idle ? UntilNextDeadline() : TimeSpan.Zero, _arrived);
        Volatile.Write(ref _asleep, 0);
        _edge.Flush();
    }

    private TimeSpan UntilNextDeadline()
    {
        var next = Instant.Earlier(Instant.Earlier(_wakeAt, _nextRound), _dtls?.WakeAt ?? Instant.Never);
        var left = next - _now;
        return left <= TimeSpan.Zero ? TimeSpan.Zero : left < LongestSleep ? left : LongestSleep;
    }

    private void GoRound()
    {
        _nextRound = _now + Rounds;
        Volatile.Write(ref _roundedAt, _now.Ticks);
        Server.SetWallClock(_clock.Time.GetUtcNow(), _now);
        DrainServer(); // what the fast paths noted
        foreach (var (fiveTuple, stream) in _streams)
        {
            if (Server.Find(fiveTuple) is not null) stream.UsedAt = _now;
            else if (_now - stream.UsedAt > _options.StreamDeadlines.Unused) stream.Abort();
        }

        if (_dtls is null) return;
        _dtls.Sweep(_now);
        RunDtlsErrands();
    }
}
