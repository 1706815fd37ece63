using System.Security.Cryptography;

namespace Thaw.Protocol.Turn;

/// <summary>
/// A STUN and TURN server (RFC 8489, RFC 8656) that knows no sockets. Datagrams and whole stream messages from clients
/// come in at a listener's address, those of peers at a relayed address; which is which, the destination says. It has one
/// owner; a host with several cores has several, side by side.
/// </summary>
public sealed partial class TurnServer : IMachine
{
    private const int MaxPending = 512; // observations; a host that drains after each input never gets near

    private static readonly TimeSpan PermissionLifetime = TimeSpan.FromMinutes(5); // RFC 8656 §9
    private static readonly TimeSpan ChannelLifetime = TimeSpan.FromMinutes(10);   // RFC 8656 §12
    private static readonly TimeSpan ReservationLifetime = TimeSpan.FromSeconds(30); // RFC 8656 §7.2

    private readonly byte[] _nonceKey;
    private TurnServerOptions _options;
    private readonly IRelayPorts _ports;
    private readonly IRelayLedger _ledger;
    private readonly RandomNumberGenerator _random;
    private readonly Dictionary<FiveTuple, Allocation> _allocations = [];
    private readonly Dictionary<TransportAddress, RelayedTransportAddress> _relayed = [];
    private readonly Queue<Observation> _facts = [];
    private readonly AnswerBudget _budget;
    private bool _isClosed;

    /// <param name="ledger">Shared with servers beside this one; null: its own.</param>
    /// <param name="utcNow">The wall clock at <paramref name="now"/>: credentials and nonces carry its time.</param>
    /// <exception cref="ArgumentException">Two relay addresses of one family, or a range or limit that cannot be.</exception>
    public TurnServer(
        TurnServerOptions options, IRelayPorts ports, RandomNumberGenerator random, DateTimeOffset utcNow, Instant now, IRelayLedger? ledger = null)
    {
        _options = options;
        _ports = ports;
        _ledger = ledger ?? new RelayLedger(options.TotalQuota, options.UserQuota, options.TotalRate);
        _random = random;
        _budget = new AnswerBudget(options.UnprovenAnswersPerSecond, options.UnprovenAnswersAtOnce, random);
        _accounts = new TurnAccounts(options);
        SetWallClock(utcNow, now);

        if (options.FirstRelayPort == 0 || options.FirstRelayPort > options.LastRelayPort)
            throw new ArgumentException($"The relay ports {options.FirstRelayPort} to {options.LastRelayPort} are no range.", nameof(options));
        foreach (var address in options.RelayAddresses)
        {
            ref var place = ref address.Local.IsIPv4 ? ref _relayIPv4 : ref _relayIPv6;
            if (place is not null || address.Announced.IsIPv4 != address.Local.IsIPv4)
                throw new ArgumentException("Relay addresses are one of each family, announced as the same family.", nameof(options));
            place = address;
        }

        _nonceKey = options.NonceKey.ToArray();
        if (_nonceKey.Length == 0) random.GetBytes(_nonceKey = new byte[HMACSHA256.HashSizeInBytes]);
        SetRates();
        _nonces = new ServerNonce(_nonceKey, _accounts.Features, options.NonceLifetime);
    }

    public TurnCounters Counters { get; } = new();

    public int AllocationCount => _allocations.Count;

    /// <summary>Relayed addresses that are open here.</summary>
    public int RelayedCount => _relayed.Count;

    /// <summary>No new allocations, whether or not there are alternates. Those that live go on and may be refreshed.</summary>
    public bool IsDraining { get; set; }

    public Allocation? Find(FiveTuple fiveTuple) => _allocations.GetValueOrDefault(fiveTuple);

    /// <summary>Tells the time of day anew. A host does so every minute or so: wall clocks are set.</summary>
    public void SetWallClock(DateTimeOffset utcNow, Instant now)
    {
        _wallClock = utcNow;
        _wallClockAt = now;
    }

    /// <summary>A client's stream ended: its allocation ends with it (RFC 8656 §3.1).</summary>
    public void Disconnected(FiveTuple fiveTuple, Instant now)
    {
        if (HasMovedOn(fiveTuple)) return;
        if (_allocations.TryGetValue(fiveTuple, out var allocation)) End(allocation, AllocationEnd.Disconnected);
        _ = now;
    }

    /// <summary>Ends every allocation and falls silent.</summary>
    public void Close(Instant now)
    {
        foreach (var allocation in _allocations.Values.ToArray()) End(allocation, AllocationEnd.Closed);
        _isPending = false;
        _notices.Clear();
        _isClosed = true;
        _ = now;
    }

    public void Advance(Instant now) => Expire(now);

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (!_isPending && _notices.Count > 0) WriteNotice();
        if (_isPending)
        {
            // From the server's own memory: what is relayed may be longer than the caller's buffer.
            _isPending = false;
            return Output.Transmit(_pendingSource, _pendingDestination, _pending.AsSpan(0, _pendingLength), _pendingDontFragment);
        }

        if (_events.TryDequeue(out var happened)) return Output.Event(happened);
        if (_facts.TryDequeue(out var fact)) return Output.Observation(fact);
        return Output.Idle(_isClosed ? Instant.Never : NextDeadline);
    }

    private void Note(Observation fact)
    {
        if (_facts.Count < MaxPending) _facts.Enqueue(fact);
        else Counters.ObservationsLost++;
    }

    private long UnixTime(Instant now) => (_wallClock + (now - _wallClockAt)).ToUnixTimeSeconds();
}
