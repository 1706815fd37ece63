using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Protocol.Gathering;

/// <remarks>Allocations that are not wanted any more are given back in the background, each within its own deadline.</remarks>
public sealed partial class Gatherer
{
    private const int MaxRetired = 32;

    private readonly List<(TurnClient Turn, int Connection)> _retired = [];

    /// <summary>The path goes: whatever it holds is given back.</summary>
    private void Retire(ServerPath path, Instant now)
    {
        if (path.Stage is RelayStage.Held) TellLost(path, GatheringFailure.Withdrawn);
        RetireTurn(path, now);
        path.Binding = null;
        path.AskAt = Instant.Never;
        path.Stage = RelayStage.None;
    }

    private void RetireTurn(ServerPath path, Instant now)
    {
        if (path.Turn is { } turn && _retired.Count < MaxRetired)
        {
            turn.Close(now);
            _retired.Add((turn, path.Connection));
            path.Connection = 0; // hung up when it has said goodbye
        }

        DropTurn(path);
    }

    private Output PollRetired(Span<byte> buffer, Instant now)
    {
        for (int i = _retired.Count - 1; i >= 0; i--)
        {
            var (turn, connection) = _retired[i];
            var said = turn.Poll(buffer, now);
            while (said.Kind is OutputKind.Event) said = turn.Poll(buffer, now);
            if (said.Kind is not OutputKind.Idle) return said;
            if (turn.State is not TurnClientState.Ended) continue;
            _retired.RemoveAt(i);
            if (connection != 0) Tell(new GatheringEvent.ConnectionUnwanted(connection));
        }

        return Output.Idle(Instant.Never);
    }

    private Instant RetiredDeadline()
    {
        var next = Instant.Never;
        foreach (var (turn, _) in _retired) next = Instant.Earlier(next, turn.WakeAt);
        return next;
    }

    private bool TryAnswerRetired(in Datagram datagram, in StunReader message, Instant now)
    {
        foreach (var (turn, _) in _retired)
        {
            if (turn.Server != datagram.Source || turn.Local != datagram.Destination || !turn.Owns(message)) continue;
            turn.Receive(datagram, now);
            return true;
        }

        return false;
    }

    private void Forget(int connection) => _retired.RemoveAll(retired => retired.Connection == connection && connection != 0);
}
