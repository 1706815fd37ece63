using System.Security.Cryptography;
using Thaw.Protocol.Turn;

namespace Thaw.Protocol.Gathering;

/// <summary>
/// Finds the addresses under which peers reach this host from outside (RFC 8445 §5.1.1.2) and keeps them: server-reflexive
/// ones by asking STUN again and again, relayed ones by refreshing TURN allocations. One for each UDP port, for life.
/// </summary>
/// <remarks>
/// Outputs: Transmit from a base to a server, Delivery from a peer to a relayed address, Event of <see cref="GatheringEvent"/>,
/// Observation, Idle. Whatever arrives on a base from an address that it sent to belongs to <see cref="Receive"/>.
/// </remarks>
public sealed partial class Gatherer : IMachine
{
    private const int MaxServers = 16, MaxBases = 16, MaxPaths = 64;
    private const int MaxPending = 128; // observations nobody has polled
    private const int FewPaths = 10;

    private static readonly TimeSpan Ta = TimeSpan.FromMilliseconds(50);     // RFC 8445 §14.2
    private static readonly TimeSpan FastTa = TimeSpan.FromMilliseconds(20); // few paths cannot flood anyone

    private readonly GathererOptions _options;
    private readonly TurnClientOptions _turnOptions;
    private readonly RandomNumberGenerator _random;
    private readonly List<ServerPath> _paths = [];
    private readonly Queue<object> _outputs = new();
    private IReadOnlyList<TransportAddress> _bases = [];
    private IReadOnlyList<GatheringServer> _servers = [];
    private Instant _paceAt;
    private bool _isClosed;

    public Gatherer(GathererOptions options, RandomNumberGenerator random, Instant now)
    {
        _options = options;
        _turnOptions = new TurnClientOptions(options.MaxPermissions, options.BothFamilies);
        _random = random;
        _paceAt = now;
    }

    /// <summary>What is usable now, relayed ones last. Changes are told by <see cref="GatheringEvent.AddressesChanged"/>.</summary>
    public IReadOnlyList<GatheredAddress> Addresses { get; private set; } = [];

    /// <summary>Every server has answered, failed or timed out since it was set; also true with no servers.</summary>
    public bool IsSettled { get; private set; } = true;

    /// <summary>Packets that <see cref="SendRelayed"/> did not send.</summary>
    public long Dropped { get; private set; }

    /// <summary>
    /// Sends through a relay; permission and channel are made as needed. While the permission is pending a few packets
    /// wait; what cannot be sent is dropped and counted, as on any network.
    /// </summary>
    /// <param name="relayed">One of <see cref="Addresses"/>, or one that was.</param>
    public void SendRelayed(TransportAddress relayed, TransportAddress peer, ReadOnlySpan<byte> payload, Instant now)
    {
        foreach (var path in _paths)
        {
            if (path.Turn is not { } turn || !turn.Relays(relayed)) continue;
            long dropped = turn.Dropped;
            turn.Send(peer, payload, now);
            Dropped += turn.Dropped - dropped;
            path.IsTurnDue = true;
            return;
        }

        Dropped++;
    }

    /// <summary>Gives every allocation back (a Refresh with lifetime 0 leaves with the next polls) and goes silent.</summary>
    public void Close(Instant now)
    {
        if (_isClosed) return;
        foreach (var path in _paths) Retire(path, now);
        _paths.Clear();
        Addresses = [];
        _isClosed = true;
        IsSettled = true;
    }

    public void Advance(Instant now)
    {
        bool anyFailed = false;
        foreach (var path in _paths)
        {
            bool isUnanswered = path.Binding?.Advance(now) is BindingOutcome.Failed;
            bool isUnconnected = path.Stage is RelayStage.Dialling && path.StartAt <= now;
            if (isUnanswered) OnBindingFailed(path, now);
            if (isUnconnected) Fail(path, GatheringFailure.DialTimeout, 0, "", now);
            anyFailed |= isUnanswered || isUnconnected;
            if (path.Turn is null || path.TurnWakeAt > now) continue;
            path.Turn.Advance(now);
            path.IsTurnDue = true;
        }

        foreach (var (turn, _) in _retired) turn.Advance(now);
        if (anyFailed) Conclude();
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        while (true)
        {
            if (_outputs.TryDequeue(out object? value)) return value is Observation seen ? Output.Observation(seen) : Output.Event(value);

            // Children first: what they say may make others start.
            var said = PollChildren(buffer, now);
            if (said.Kind is OutputKind.Event)
            {
                On(_speaking!, (TurnClientEvent)said.Value!, now);
                Conclude();
                continue;
            }

            if (said.Kind is not OutputKind.Idle) return said;
            if (PollRetired(buffer, now) is { Kind: not OutputKind.Idle } last) return last;
            if (StartNext(now) || _outputs.Count > 0) continue;
            return Output.Idle(NextDeadline());
        }
    }

    private Output PollChildren(Span<byte> buffer, Instant now)
    {
        foreach (var path in _paths)
        {
            if (path is { IsTurnDue: true, Turn: { } turn })
            {
                var said = turn.Poll(buffer, now);
                _speaking = path;
                if (said.Kind is not OutputKind.Idle) return said;
                path.TurnWakeAt = said.WakeAt;
                path.IsTurnDue = false;
            }

            if (path.Binding is { } binding && binding.TryWrite(buffer, now, out int length))
                return Output.Transmit(binding.Base, binding.Server, buffer[..length]);
        }

        return Output.Idle(Instant.Never);
    }

    /// <summary>Starts one thing that is due, if the pace allows.</summary>
    private bool StartNext(Instant now)
    {
        if (now < _paceAt) return false;
        foreach (var path in _paths)
        {
            bool asks = path.AskAt <= now;
            if (asks)
            {
                path.AskAt = Instant.Never;
                path.Binding!.Start(now);
            }
            else if (path.Stage is not RelayStage.Waiting || path.StartAt > now) continue;
            else if (!MayAllocate(path))
            {
                path.Stage = RelayStage.Standby;
                path.IsSettled = true;
                Conclude();
                return true;
            }
            else
            {
                Allocate(path, now);
            }

            _paceAt = now + (_paths.Count <= FewPaths ? FastTa : Ta);
            return true;
        }

        return false;
    }

    private Instant NextDeadline()
    {
        var next = RetiredDeadline();
        foreach (var path in _paths) next = Instant.Earlier(next, path.NextDeadline(_paceAt));
        return next;
    }

    private void Tell(Observation fact)
    {
        if (_outputs.Count < MaxPending) _outputs.Enqueue(fact);
    }

    private void Tell(GatheringEvent @event) => _outputs.Enqueue(@event);
}
