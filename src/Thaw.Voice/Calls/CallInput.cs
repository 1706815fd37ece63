using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>Everything that can happen to a call, one at a time.</summary>
internal abstract record CallInput
{
    private CallInput() { }

    public sealed record Offered(Offer Offer, TaskCompletionSource<OfferResult> Reply, CancellationToken Cancel) : CallInput;

    public sealed record Trickled(CallLink? Link, IReadOnlyList<TrickledCandidate> Candidates) : CallInput;

    public sealed record FromPeer(CallLink Link, PeerEvent Event) : CallInput;

    /// <summary>The client sends no audio, as its connection has noticed.</summary>
    public sealed record Silent(CallLink Link, Observation.FirstMediaMissing Seen) : CallInput;

    public sealed record TimePassed : CallInput;

    public sealed record AgentPrepared : CallInput;

    /// <summary>Null where it ended of its own will.</summary>
    public sealed record AgentEnded(Exception? Fault) : CallInput;

    /// <summary>Says nothing itself: look around.</summary>
    public sealed record Nudge : CallInput;

    /// <summary>Completes once everything before it is dealt with.</summary>
    public sealed record Settle(TaskCompletionSource Done) : CallInput;
}

internal enum HangUpReason { ClientLeft, AgentLeft, AgentFailed, NeverCame, ConnectionLost, TooManyRestarts, OfferRefused, Shutdown }
