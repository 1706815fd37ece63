using System.Security.Cryptography;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>
/// A TURN client with one server on one five-tuple: at most one allocation, from the first request to the end
/// (RFC 8656). It begins at once and never again: another attempt is another client.
/// </summary>
/// <remarks>
/// Outputs: Transmit to the server, Delivery of what peers sent to a relayed address, Event of
/// <see cref="TurnClientEvent"/>, Observation, Idle.
/// </remarks>
public sealed partial class TurnClient : IMachine
{
    private const int MaxPending = 64;     // events and observations nobody has polled
    private const int MaxInFlight = 16;
    private const int MaxStaleNonces = 3;

    private static readonly TimeSpan AttemptDeadline = TimeSpan.FromSeconds(10); // challenges and all
    private static readonly TimeSpan CloseDeadline = TimeSpan.FromSeconds(5);

    private enum Timer { Attempt, Refresh, Expiry, Upkeep, Pace }

    private readonly int _maxPermissions;
    private readonly RandomNumberGenerator _random;
    private readonly RequestSchedule _schedule;
    private readonly TurnLogin _login;
    private readonly List<TurnTransaction> _inFlight = [];
    private readonly Queue<object> _outputs = new();
    private Timers<Timer> _timers = new();
    private TransportAddress[] _relayed = [];
    private bool _isSettled;
    private Instant _wakeAt;

    /// <param name="local">With the protocol of <paramref name="server"/>; over TCP the stream stands.</param>
    public TurnClient(
        TurnClientOptions options, TransportAddress local, TransportAddress server, TurnCredential? credential, RandomNumberGenerator random, Instant now)
    {
        _maxPermissions = Math.Clamp(options.MaxPermissions, 1, TurnPeers.MaxPeers);
        _random = random;
        _schedule = server.Protocol is TransportProtocol.Tcp ? RequestSchedule.Stream : RequestSchedule.Datagram;
        _login = new TurnLogin(credential);
        _peers = new TurnPeers(_maxPermissions);
        _asksBoth = options.BothFamilies;
        Local = local;
        Server = server;
        _timers.Set(Timer.Attempt, now + AttemptDeadline);
        Begin(TurnPurpose.Allocate, now);
    }

    public TransportAddress Local { get; }

    public TransportAddress Server { get; }

    public TurnClientState State { get; private set; }

    /// <summary>One or two, of different families; empty until allocated and after the end.</summary>
    public IReadOnlyList<TransportAddress> Relayed => _relayed;

    /// <summary>Worth offering to new peers: the server answered our last refresh and means to go on.</summary>
    public bool IsTrusted => State is TurnClientState.Allocated && !_isDoubtful;

    /// <summary>Packets to peers that were not sent: refused, too long, or more than may wait.</summary>
    public long Dropped { get; private set; }

    /// <summary>As the last Idle said, for an owner that polls others too.</summary>
    internal Instant WakeAt => State is TurnClientState.Ended ? Instant.Never : _wakeAt;

    /// <summary>The message answers a request of ours.</summary>
    internal bool Owns(in StunReader message) => Find(message) is not null;

    internal bool Relays(TransportAddress relayed) => _relayed.AsSpan().Contains(relayed);

    /// <summary>Gives the allocation back (RFC 8656 §7.3). Answered, or not within 5 s, it ends with Closed.</summary>
    public void Close(Instant now)
    {
        if (State is TurnClientState.Closing or TurnClientState.Ended) return;

        bool mayHold = State is not TurnClientState.Allocating || _inFlight.Exists(static t => t.Purpose is TurnPurpose.Allocate && t.IsSealed);
        bool isAnswerDue = State is TurnClientState.Allocating;
        State = TurnClientState.Closing;
        _relayed = [];
        _flush.Clear();
        _timers = new Timers<Timer>();
        if (!mayHold)
        {
            End(new TurnClientEvent.Closed());
            return;
        }

        _timers.Set(Timer.Attempt, now + CloseDeadline);
        _isSettled = false;
        if (isAnswerDue) return;
        _inFlight.Clear();
        Begin(TurnPurpose.Release, now);
    }

    public void Advance(Instant now)
    {
        if (State is TurnClientState.Ended) return;
        _isSettled = false;
        if (_timers.TryTake(Timer.Attempt, now))
        {
            End(State is TurnClientState.Closing ? new TurnClientEvent.Closed() : new TurnClientEvent.Failed(GatheringFailure.Timeout, 0, ""));
            return;
        }

        if (_timers.TryTake(Timer.Expiry, now))
        {
            End(new TurnClientEvent.Lost(_expiringBecause ?? GatheringFailure.Expired, 0));
            return;
        }

        for (int i = _inFlight.Count - 1; i >= 0 && i < _inFlight.Count; i--)
        {
            var late = _inFlight[i];
            if (late.GiveUpAt > now) continue;
            _inFlight.RemoveAt(i);
            OnTimeout(late, now);
        }

        if (_timers.TryTake(Timer.Refresh, now)) Refresh(now);
        if (_timers.TryTake(Timer.Upkeep, now)) Upkeep(now);
        _timers.TryTake(Timer.Pace, now);
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (_packets is not null && _packets.TryTake(out var packet)) return packet; // media waits for nobody
        if (_outputs.TryDequeue(out object? value)) return value is Observation seen ? Output.Observation(seen) : Output.Event(value);
        if (State is TurnClientState.Ended) return Output.Idle(Instant.Never);
        if (_isSettled && now < _wakeAt) return Output.Idle(_wakeAt);
        if (TryTakeWaiting(buffer, out var waited)) return waited;

        StartPeerRequests(now);
        foreach (var request in _inFlight)
        {
            if (request.DueAt > now || request.GiveUpAt <= now) continue;
            return Output.Transmit(Local, Server, Write(request, buffer, now));
        }

        _wakeAt = NextDeadline();
        _isSettled = true;
        return Output.Idle(_wakeAt);
    }

    private Instant NextDeadline()
    {
        var next = _timers.Next;
        foreach (var request in _inFlight) next = Instant.Earlier(next, request.DueAt);
        return next;
    }

    private void Begin(
        TurnPurpose purpose, Instant now, int staleNonces = 0, TurnPermission? permission = null, TurnPeer? peer = null)
    {
        _inFlight.Add(new TurnTransaction(purpose, TransactionId.Next(_random), now, now + _schedule.GiveUp, staleNonces, permission, peer));
        _isSettled = false;
    }

    private ReadOnlySpan<byte> Write(TurnTransaction request, Span<byte> buffer, Instant now)
    {
        request.DueAt = _schedule.NextAt(++request.Transmissions, now, request.GiveUpAt);
        var message = new StunWriter(buffer, request.Method, StunClass.Request, request.Id);
        switch (request.Purpose)
        {
            case TurnPurpose.Allocate:
                message.Add(StunAttributeType.RequestedTransport, Udp);
                if (_asksBoth) message.Add(StunAttributeType.AdditionalAddressFamily, IPv6);
                break;
            case TurnPurpose.Clear or TurnPurpose.Release:
                message.Add(StunAttributeType.Lifetime, 0U);
                break;
            case TurnPurpose.Permit:
                message.AddXorAddress(StunAttributeType.XorPeerAddress, request.Permission!.Address);
                break;
            case TurnPurpose.Bind:
                message.Add(StunAttributeType.ChannelNumber, (uint)request.Peer!.Channel << 16);
                message.AddXorAddress(StunAttributeType.XorPeerAddress, request.Peer.Address);
                break;
        }

        request.IsSealed = _login.IsReady;
        if (request.IsSealed) _login.Seal(ref message);
        return message.Finish();
    }

    private void End(TurnClientEvent last)
    {
        State = TurnClientState.Ended;
        _relayed = [];
        _inFlight.Clear();
        _timers = new Timers<Timer>();
        _packets?.Clear();
        _flush.Clear();
        _outputs.Enqueue(last); // beyond MaxPending: this one must not be lost
    }

    private void Tell(object value)
    {
        if (_outputs.Count < MaxPending) _outputs.Enqueue(value);
    }

    private void Drop(TransportAddress source, DropReason reason) => Tell(new Observation.DatagramDropped(source, reason));
}
