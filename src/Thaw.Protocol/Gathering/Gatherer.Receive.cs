using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Protocol.Gathering;

public sealed partial class Gatherer
{
    public void Receive(in Datagram datagram, Instant now)
    {
        if (ChannelData.IsChannelData(datagram.Payload)) Relay(datagram, now);
        else if (StunReader.TryRead(datagram.Payload, out var message) is { } reason) Tell(new Observation.DatagramDropped(datagram.Source, reason));
        else if (message.Class is StunClass.Indication) Relay(datagram, now);
        else if (!TryAnswer(datagram, message, now)) Tell(new Observation.DatagramDropped(datagram.Source, DropReason.UnknownTransaction));
    }

    /// <summary>For whoever holds an allocation on this five-tuple.</summary>
    private void Relay(in Datagram datagram, Instant now)
    {
        foreach (var path in _paths)
        {
            if (path.Turn is not { } turn || turn.Server != datagram.Source || turn.Local != datagram.Destination) continue;
            turn.Receive(datagram, now);
            path.IsTurnDue = true;
            return;
        }

        Tell(new Observation.DatagramDropped(datagram.Source, DropReason.NoRoute));
    }

    /// <summary>For whoever asked. Several may ask on one five-tuple, so the transaction decides.</summary>
    private bool TryAnswer(in Datagram datagram, in StunReader message, Instant now)
    {
        foreach (var path in _paths)
        {
            if (path.Binding is { } binding && binding.Server == datagram.Source && binding.Base == datagram.Destination && binding.Owns(message))
            {
                if (message.CheckFingerprint() is StunSeal.Invalid) Tell(new Observation.DatagramDropped(datagram.Source, DropReason.BadFingerprint));
                else OnBindingAnswer(path, binding, message, now);
                return true;
            }

            if (path.Turn is not { } turn || turn.Server != datagram.Source || turn.Local != datagram.Destination || !turn.Owns(message)) continue;
            turn.Receive(datagram, now);
            path.IsTurnDue = true;
            return true;
        }

        return TryAnswerRetired(datagram, message, now);
    }

    private void OnBindingAnswer(ServerPath path, BindingClient binding, in StunReader message, Instant now)
    {
        var was = binding.Mapped;
        switch (binding.Receive(message, now))
        {
            case BindingOutcome.Failed:
                OnBindingFailed(path, now);
                break;
            case BindingOutcome.Answered:
                path.AskFailures = 0;
                if (!path.IsTurn) path.IsSettled = true;
                if (was == default) Tell(new Observation.MappedAddressLearned(path.Server.Name, path.Base, binding.Mapped, binding.RoundTrip));
                else if (was != binding.Mapped) OnMappedChanged(path, was, now);
                break;
        }

        Conclude();
    }

    private void OnMappedChanged(ServerPath path, TransportAddress was, Instant now)
    {
        Tell(new Observation.MappedAddressChanged(path.Server.Name, path.Base, was, path.Mapped));
        Verify(path, now); // the server knows our allocation by the old address
    }

    /// <summary>A TURN server need not answer Binding requests: then it is no failure, but it may be one's first sign.</summary>
    private void OnBindingFailed(ServerPath path, Instant now)
    {
        var (cause, code) = path.Binding!.Failure;
        var delay = RetryDelay.After(cause, ++path.AskFailures, _random);
        path.AskAt = now + delay;
        Verify(path, now);
        if (path.IsTurn) return;
        path.IsSettled = true;
        Tell(new Observation.GatheringFailed(path.Server.Name, path.Base, cause, code, "", delay));
    }

    private static void Verify(ServerPath path, Instant now)
    {
        if (path is not { Stage: RelayStage.Held, Turn: { } turn }) return;
        turn.Verify(now);
        path.IsTurnDue = true;
    }
}
