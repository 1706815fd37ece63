using System.Text;

namespace Thaw.Protocol.Ice;

/// <summary>One generation: its credentials, the peer's candidates and the pairs. Bounded in everything.</summary>
internal sealed class Checklist(IceCredentials local)
{
    private const int MaxPairs = 100;  // RFC 8445 §6.1.2.5
    private const int MaxRemotes = 100;

    private readonly Dictionary<PairPath, CandidatePair> _byPath = [];
    private readonly List<CandidatePair> _pairs = [];
    private readonly List<Candidate> _remotes = [];
    private readonly Queue<CandidatePair> _triggered = [];

    public IceCredentials Local { get; } = local;
    public byte[] LocalUfrag { get; } = Encoding.UTF8.GetBytes(local.Ufrag);
    public byte[] LocalKey { get; } = Encoding.UTF8.GetBytes(local.Password);

    public IceCredentials? Remote { get; private set; }
    public byte[] RemoteKey { get; private set; } = [];

    /// <summary>USERNAME of our checks: the peer's fragment first (RFC 8445 §7.1.2).</summary>
    public byte[] Username { get; private set; } = [];

    /// <summary>Checks that came before they could be paired.</summary>
    public List<EarlyCheck> Early { get; } = [];

    public IReadOnlyList<Candidate> Remotes => _remotes;
    public List<CandidatePair> Pairs => _pairs;
    public CandidatePair? Selected { get; set; }
    public bool IsRemoteComplete { get; set; }
    public bool IsPatienceOver { get; set; }

    /// <summary>Whatever is still under way: a peer that comes from ever new addresses would keep something so for ever.</summary>
    public bool IsVerdictDue { get; set; }

    public bool HasFailed { get; set; }

    /// <summary>Some pair was valid once, be it gone by now.</summary>
    public bool HasWorked { get; set; }

    /// <summary>Highest priority among the pairs that work, nominated or not.</summary>
    public CandidatePair? BestValid => Best(static pair => pair.IsValid);

    /// <summary>What may be sent on: the selected pair while it has consent, else the best that has.</summary>
    public CandidatePair? Sendable => Selected is { IsValid: true } ? Selected : BestValid;

    public void SetRemote(IceCredentials remote)
    {
        Remote = remote;
        RemoteKey = Encoding.UTF8.GetBytes(remote.Password);
        Username = Encoding.UTF8.GetBytes($"{remote.Ufrag}:{Local.Ufrag}");
    }

    public Candidate? FindRemote(TransportAddress address)
    {
        foreach (var remote in _remotes)
            if (remote.Address == address) return remote;
        return null;
    }

    public CandidatePair? Find(PairPath path) => _byPath.GetValueOrDefault(path);

    /// <summary>Adds the peer's candidate; a signalled one replaces what was discovered at its address, in place.</summary>
    /// <returns>Null, or why it was not added.</returns>
    public CandidateRefusal? TryAddRemote(Candidate candidate, IceRole role)
    {
        int same = _remotes.FindIndex(known => known.Address == candidate.Address);
        if (same >= 0)
        {
            var known = _remotes[same];
            bool signalled = known.Type is CandidateType.PeerReflexive && candidate.Type is not CandidateType.PeerReflexive;
            if (!signalled && candidate.Priority <= known.Priority) return CandidateRefusal.Duplicate;

            _remotes[same] = candidate;
            foreach (var pair in _pairs)
                if (pair.Remote.Address == candidate.Address) pair.Describe(pair.Local, candidate, role);
            return null;
        }

        if (_remotes.Count >= MaxRemotes && !MakeRoomForRemote(candidate.Priority)) return CandidateRefusal.LimitReached;
        _remotes.Add(candidate);
        return null;
    }

    /// <summary>Finds the path's pair or makes it, if need be at the cost of a worse one.</summary>
    public CandidatePair? Pair(Candidate local, Candidate remote, IceRole role, bool heardPeer = false)
    {
        if (Find(new PairPath(local.Base, remote.Address)) is { } known) return known;

        var pair = new CandidatePair(this, local, remote, role) { HeardPeer = heardPeer };
        if (_pairs.Count >= MaxPairs && !MakeRoomFor(pair)) return null;
        _pairs.Add(pair);
        _byPath.Add(pair.Path, pair);
        return pair;
    }

    /// <summary>RFC 8445 §6.1.2.2, RFC 6544 §6.2: same family and protocol, and IPv6 link-local only with its like.</summary>
    public static bool CanPair(Candidate local, Candidate remote)
        => local.Base.IsIPv4 == remote.Address.IsIPv4
            && local.Base.Protocol == remote.Address.Protocol
            && (local.Base.IsIPv4 || local.Base.IsLinkLocal == remote.Address.IsLinkLocal);

    /// <summary>The triggered-check queue (RFC 8445 §6.1.4.1).</summary>
    public void Trigger(CandidatePair pair)
    {
        if (pair.IsQueued) return;
        pair.IsQueued = true;
        _triggered.Enqueue(pair);
    }

    public CandidatePair? TakeTriggered()
    {
        while (_triggered.TryDequeue(out var pair))
        {
            pair.IsQueued = false;
            if (!pair.IsValid && Find(pair.Path) == pair) return pair; // else it was answered or pushed out meanwhile
        }

        return null;
    }

    /// <summary>Best pair not yet tried; once one is selected, only what could be better is worth a check.</summary>
    public CandidatePair? NextOrdinary()
    {
        ulong floor = Selected is { IsValid: true } selected ? selected.Priority : 0;
        CandidatePair? best = null;
        foreach (var pair in _pairs)
        {
            if (pair.State is CandidatePairState.Waiting && !pair.IsQueued && pair.Priority > Math.Max(floor, best?.Priority ?? 0)) best = pair;
        }

        return best;
    }

    public bool HasUnsent => _triggered.Count > 0 || NextOrdinary() is not null;

    /// <summary>Pairs that still have a chance without the peer's help.</summary>
    public bool IsUndecided => HasUnsent || _pairs.Exists(static pair => pair.State is CandidatePairState.InProgress);

    public CandidatePair? Best(Func<CandidatePair, bool> where)
    {
        CandidatePair? best = null;
        foreach (var pair in _pairs)
            if (where(pair) && (best is null || pair.Priority > best.Priority)) best = pair;
        return best;
    }

    public Instant NextDeadline()
    {
        var next = Instant.Never;
        foreach (var pair in _pairs) next = Instant.Earlier(next, Instant.Earlier(pair.DueAt, pair.ConsentExpiresAt));
        return next;
    }

    /// <summary>The path is gone for good: its pair goes, and a remote candidate that only it had discovered.</summary>
    public void Forget(PairPath path)
    {
        Early.RemoveAll(early => early.Path == path);
        if (Find(path) is not { } pair) return;

        Remove(pair);
        pair.IsNominating = false;
        pair.ConsentExpiresAt = Instant.Never;
        if (pair.Remote.Type is CandidateType.PeerReflexive && !_pairs.Exists(other => other.Remote.Address == path.Remote))
            _remotes.Remove(pair.Remote);
    }

    // By worth, not by arrival: what works or was heard stays, then the priority decides.
    private bool MakeRoomFor(CandidatePair pair)
    {
        var weakest = _pairs[0];
        foreach (var candidate in _pairs)
            if (Worth(candidate).CompareTo(Worth(weakest)) < 0) weakest = candidate;

        if (Worth(weakest).CompareTo(Worth(pair)) >= 0) return false;
        Remove(weakest);
        return true;
    }

    private bool MakeRoomForRemote(uint priority)
    {
        Candidate? weakest = null;
        foreach (var remote in _remotes) // the cheap question first: a flood of candidates asks it for each of them
            if (remote.Priority < (weakest?.Priority ?? priority) && !IsPrecious(remote)) weakest = remote;

        if (weakest is null) return false;
        _remotes.Remove(weakest);
        for (int i = _pairs.Count - 1; i >= 0; i--)
            if (_pairs[i].Remote.Address == weakest.Address) Remove(_pairs[i]);
        return true;
    }

    private bool IsPrecious(Candidate remote)
    {
        foreach (var pair in _pairs)
            if ((pair.WasValid || pair.HeardPeer) && pair.Remote.Address == remote.Address) return true;
        return false;
    }

    private (bool, bool, bool, ulong) Worth(CandidatePair pair)
        => (pair.WasValid || pair == Selected, pair.HeardPeer, pair.State is not CandidatePairState.Failed, pair.Priority);

    private void Remove(CandidatePair pair)
    {
        _pairs.Remove(pair);
        _byPath.Remove(pair.Path);
        pair.State = CandidatePairState.Failed;
        pair.DueAt = Instant.Never;
    }
}

/// <summary>An authenticated check that waits for the peer's credentials or for our candidate.</summary>
internal readonly record struct EarlyCheck(PairPath Path, uint Priority, bool UseCandidate);
