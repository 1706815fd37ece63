using Thaw.Protocol.Ice;

namespace Thaw.Protocol;

public abstract partial record Observation
{
    public sealed record LocalCandidateLearned(Candidate Candidate, CandidateOrigin Origin) : Observation;

    public sealed record RemoteCandidateLearned(Candidate Candidate, CandidateOrigin Origin) : Observation;

    public sealed record CandidateIgnored(Candidate Candidate, CandidateRefusal Reason) : Observation;

    /// <param name="Attempt">1 for the first since the last answer.</param>
    public sealed record CheckSent(TransportAddress Local, TransportAddress Remote, int Attempt, bool Nominating) : Observation;

    /// <param name="Mapped">Our address as the peer sees it.</param>
    public sealed record CheckAnswered(TransportAddress Local, TransportAddress Remote, TimeSpan RoundTrip, TransportAddress Mapped)
        : Observation;

    /// <summary>The pair's checks were all in vain; or, on a pair that worked, its consent ran out.</summary>
    public sealed record CheckTimedOut(TransportAddress Local, TransportAddress Remote, int Attempts) : Observation;

    /// <param name="Authenticated">False where the answer has no MESSAGE-INTEGRITY: then it is only a hint.</param>
    public sealed record CheckRejected(TransportAddress Local, TransportAddress Remote, int Code, bool Authenticated) : Observation;

    public sealed record CheckReceived(TransportAddress Local, TransportAddress Remote, bool UseCandidate) : Observation;

    public sealed record RoleSwitched(IceRole Role) : Observation;

    /// <param name="ByPeer">True where the peer, being controlling, nominated it.</param>
    public sealed record PairNominated(Candidate Local, Candidate Remote, bool ByPeer) : Observation;

    public sealed record PairSelected(Candidate Local, Candidate Remote) : Observation;

    public sealed record ConsentLost(TransportAddress Local, TransportAddress Remote) : Observation;

    public sealed record ConsentRegained(TransportAddress Local, TransportAddress Remote) : Observation;

    /// <summary>The TCP connection under a path closed.</summary>
    public sealed record StreamClosed(TransportAddress Local, TransportAddress Remote) : Observation;

    public sealed record IceRestarted(string LocalUfrag) : Observation;
}

/// <summary>How a candidate became known.</summary>
public enum CandidateOrigin { Signalled, PeerReflexive }

/// <summary>Why a candidate is not used.</summary>
public enum CandidateRefusal
{
    Duplicate,       // same address (and base), no higher priority
    UnusableAddress, // unspecified, multicast or port 0
    LimitReached,    // the checklist is full of better ones
    Closed,
}
