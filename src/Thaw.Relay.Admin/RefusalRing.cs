using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Admin;

/// <summary>The last requests that were refused for a fault, the newest first; for <see cref="RelayHostOptions.Observed"/>.</summary>
public sealed class RefusalRing(TimeProvider time)
{
    private const int Most = 256;

    private readonly Lock _lock = new();
    private readonly LinkedList<RelayEvent> _events = [];

    public void Note(Observation fact)
    {
        if (EventOf(fact) is not { } happened) return;
        lock (_lock)
        {
            // One client's same fault again and again is one event.
            if (_events.First is { } newest && newest.Value with { At = happened.At, Count = 1 } == happened)
            {
                newest.Value = happened with { Count = newest.Value.Count + 1 };
                return;
            }

            _events.AddFirst(happened);
            if (_events.Count > Most) _events.RemoveLast();
        }
    }

    internal IReadOnlyList<RelayEvent> Newest()
    {
        lock (_lock) return [.. _events];
    }

    private RelayEvent? EventOf(Observation fact) => fact switch
    {
        Observation.TurnRequestRefused { Refusal: TurnRefusal.Challenge or TurnRefusal.NonceNotAccepted { Fault: NonceFault.Stale } } => null, // how sessions begin and go on
        Observation.TurnRequestRefused refused => new RelayEvent(
            time.GetUtcNow(), 1, refused.Refusal.CauseId, refused.Refusal.Cause.Name, $"{refused.Method}", refused.Code, refused.Refusal.Whose,
            refused.FiveTuple.Client.WithPort(0), (refused.Refusal as TurnRefusal.PeerDenied)?.Peer, (refused.Refusal as TurnRefusal.PeerDenied)?.Rule.ToString()),
        Observation.AnswersSuppressed suppressed => new RelayEvent(time.GetUtcNow(), 1, "turn.answers-suppressed", "answers-suppressed", null, null, null, suppressed.Source.WithPort(0), null, null),
        _ => null,
    };

}

/// <param name="Count">How often the same, without another in between.</param>
/// <param name="Source">Without its port.</param>
internal sealed record RelayEvent(
    DateTimeOffset At, long Count, string Cause, string Kind, string? Method, int? Code, string? User, TransportAddress Source, TransportAddress? Peer, string? Rule);
