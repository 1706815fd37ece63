namespace Thaw.Protocol.Peer;

/// <summary>
/// How long each stage of one attempt to connect may take. Where a stage's time is over, the attempt ends with a
/// <see cref="PeerFailure"/> that names it; only <see cref="FirstMedia"/> is told and no more. docs/decisions/0006 has the reasons.
/// </summary>
public sealed record ConnectBudget
{
    /// <summary>From an offer's arrival to its answer, on the side that answers. Who offers waits for the answer until <see cref="Whole"/>.</summary>
    public TimeSpan Signalling { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>From the answer to the first sign of the other side: a candidate that can be checked, or a check of its own.</summary>
    public TimeSpan Candidates { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>From the latest new candidate to a pair that works.</summary>
    public TimeSpan Checks { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>From the answer to a pair that works, however many candidates still come.</summary>
    public TimeSpan Path { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>From a pair that works to keys.</summary>
    public TimeSpan Dtls { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>From keys to an open data channel, where the offer has one.</summary>
    public TimeSpan Sctp { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>All of the above together, from the answer: the stage that is open then is the one that failed.</summary>
    public TimeSpan Whole { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From keys to RTP, where the other side said that it sends. Told, not ended: a muted device is no broken connection.</summary>
    public TimeSpan FirstMedia { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the first answer of a call to an agent that is ready for it.</summary>
    public TimeSpan AgentReady { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From lost consent to a new path, by checks or by an ICE restart.</summary>
    public TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(15);
}
