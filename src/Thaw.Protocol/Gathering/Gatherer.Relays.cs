using Thaw.Protocol.Turn;

namespace Thaw.Protocol.Gathering;

/// <remarks>
/// All paths of a TURN server start together. The first allocation stays; later ones are given back and their paths stand by,
/// to start again when a relay is lost.
/// </remarks>
public sealed partial class Gatherer
{
    private const int MaxRedirects = 3;

    private static readonly TimeSpan ShortLife = TimeSpan.FromMinutes(1); // an allocation that ends sooner is as good as none

    private ServerPath? _speaking;
    private int _lastConnection;

    private bool MayAllocate(ServerPath path)
    {
        int held = 0;
        foreach (var other in _paths)
        {
            if (other.Stage is not RelayStage.Held) continue;
            if (KeyOf(other.Server) == KeyOf(path.Server)) return false;
            held += other.Turn!.Relayed.Count;
        }

        return held < _options.MaxRelays;
    }

    private void Allocate(ServerPath path, Instant now)
    {
        path.BeganAt = now;
        path.Visited.Clear();
        SetTarget(path, path.Server.Address, now);
        Ask(path, now);
    }

    private void SetTarget(ServerPath path, TransportAddress target, Instant now)
    {
        path.Visited.Add(target);
        if (path.Target == target) return;
        path.Target = target;
        if (!path.IsStream) path.Watch(_random, now);
    }

    private void Ask(ServerPath path, Instant now)
    {
        if (path.IsStream) Dial(path, now);
        else Open(path, path.Base, now);
    }

    private void Open(ServerPath path, TransportAddress local, Instant now)
    {
        path.Stage = RelayStage.Asking;
        path.StartAt = Instant.Never;
        path.Turn = new TurnClient(_turnOptions, local, path.Target, path.Server.Credential, _random, now);
        path.IsTurnDue = true;
    }

    private void On(ServerPath path, TurnClientEvent happened, Instant now)
    {
        switch (happened)
        {
            case TurnClientEvent.Allocated allocated: OnAllocated(path, allocated, now); break;
            case TurnClientEvent.Failed failed: Fail(path, failed.Cause, failed.Code, failed.Reason, now); break;
            case TurnClientEvent.Redirected redirected: OnRedirected(path, redirected.Alternate, now); break;
            case TurnClientEvent.Lost lost: OnLost(path, lost.Cause, now); break;
            case TurnClientEvent.TrustChanged { Cause: var cause } when !path.Turn!.IsTrusted: TellLost(path, cause); break;
            case TurnClientEvent.PeerRefused refused:
                Tell(new Observation.PeerRefused(path.Server.Name, refused.Relayed, refused.Peer, refused.Code));
                break;
            case TurnClientEvent.Bounced bounced:
                Tell(new Observation.RelayedPacketBounced(path.Server.Name, bounced.Relayed, bounced.Peer, bounced.Type, bounced.Code));
                break;
        }
    }

    private void OnAllocated(ServerPath path, TurnClientEvent.Allocated allocated, Instant now)
    {
        path.IsSettled = true;
        if (!MayAllocate(path) || _paths.Exists(other => other != path && allocated.Relayed.Any(address => other.Turn?.Relays(address) == true)))
        {
            RetireTurn(path, now);
            path.Stage = RelayStage.Standby;
            return;
        }

        path.Stage = RelayStage.Held;
        path.HeldSince = now;
        path.AllocateMapped = allocated.Mapped == default || allocated.Mapped.IsIPv4 != path.Base.IsIPv4 ? default : allocated.Mapped;
        foreach (var relayed in allocated.Relayed)
            Tell(new Observation.RelayAllocated(path.Server.Name, path.Turn!.Local, relayed, allocated.Lifetime, now - path.BeganAt));
    }

    private void OnRedirected(ServerPath path, TransportAddress alternate, Instant now)
    {
        DropTurn(path);
        bool isUsable = alternate.Port != 0 && alternate.IsIPv4 == path.Target.IsIPv4 && alternate.IsLinkLocal == path.Target.IsLinkLocal
            && alternate.IsLoopback == path.Target.IsLoopback
            && !_paths.Exists(other => other.Turn is { } turn && turn.Server == alternate && turn.Local == path.Base);
        if (path.Visited.Contains(alternate) || path.Visited.Count > MaxRedirects)
        {
            Fail(path, GatheringFailure.RedirectLoop, 300, "", now);
        }
        else if (!isUsable)
        {
            Fail(path, GatheringFailure.RedirectRefused, 300, "", now);
        }
        else
        {
            Tell(new Observation.ServerRedirected(path.Server.Name, path.Target, alternate));
            SetTarget(path, alternate, now);
            Ask(path, now);
        }
    }

    private void Fail(ServerPath path, GatheringFailure cause, int code, string detail, Instant now)
    {
        DropTurn(path);
        var delay = RetryDelay.After(cause, ++path.Failures, _random);
        Tell(new Observation.GatheringFailed(path.Server.Name, path.Base, cause, code, Cut(detail), delay));
        path.IsSettled = true;
        path.Stage = RelayStage.Waiting;
        path.StartAt = now + delay;
    }

    /// <summary>Begins anew at once, unless it was held so shortly that this would be a loop.</summary>
    private void OnLost(ServerPath path, GatheringFailure cause, Instant now)
    {
        TellLost(path, cause);
        if (now - path.HeldSince >= ShortLife) path.Failures = 0;
        DropTurn(path);
        path.Stage = RelayStage.Waiting;
        path.StartAt = path.Failures++ == 0 ? now : now + RetryDelay.After(GatheringFailure.Timeout, path.Failures, _random);
        foreach (var other in _paths)
            if (other.Stage is RelayStage.Standby) (other.Stage, other.StartAt) = (RelayStage.Waiting, now);
    }

    /// <summary>Of what is still listed: it is told once.</summary>
    private void TellLost(ServerPath path, GatheringFailure cause)
    {
        foreach (var known in Addresses)
            if (known.Kind is GatheredKind.Relayed && KeyOf(known.Server) == KeyOf(path.Server)) Tell(new Observation.RelayLost(path.Server.Name, known.Address, cause));
    }

    /// <summary>Its dialogue is over, and with it the stream that it had for itself.</summary>
    private void DropTurn(ServerPath path)
    {
        path.Turn = null;
        path.IsTurnDue = false;
        path.TurnWakeAt = Instant.Never;
        path.AllocateMapped = default;
        Hang(path);
    }

    private static string Cut(string text) => text.Length <= 128 ? text : text[..128];
}
