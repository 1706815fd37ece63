using System.Security.Cryptography;

namespace Thaw.Protocol.Ice;

/// <summary>
/// A full ICE agent (RFC 8445) with trickling (8838), patience (8863), consent (7675) and passive TCP (6544): one stream,
/// one component. It knows no sockets: candidates and STUN datagrams come in, checks and answers go out.
/// </summary>
public sealed partial class IceAgent : IMachine
{
    private const int MaxLocals = 32;
    private const int MaxPending = 512; // observations; a host that drains after each input never gets near

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(39.5); // RFC 8863 §3
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);   // an old generation outlives its consent by nothing

    private enum Timer { Nominate, Patience, Verdict, Farewell, Revive }

    private readonly RandomNumberGenerator _random;
    private readonly List<Candidate> _locals = [];
    private readonly Queue<object> _outputs = [];
    private readonly Queue<Answer> _answers = [];
    private Timers<Timer> _timers = new();
    private Checklist _current;
    private Checklist? _previous; // carries media, and answers late checks, until the new generation has taken over
    private ulong _tiebreaker;    // RFC 8445 §5.2
    private bool _isLost;
    private bool _isClosed;

    public IceAgent(IceRole role, IceCredentials local, RandomNumberGenerator random, Instant now)
    {
        Role = role;
        _random = random;
        _current = new Checklist(local);
        _paceAt = now;
        _tiebreaker = NextTiebreaker();
    }

    public IceRole Role { get; private set; }

    public IceCredentials Local => _current.Local;

    /// <summary>The pair that both agents agreed on; after a restart the old one until the new generation has its own.</summary>
    public CandidatePair? Selected => _current.Selected ?? (_current.BestValid is null ? _previous?.Selected : null);

    /// <summary>Where to send: the selected pair, before nomination (or if it died) the best valid one. No search, no allocation.</summary>
    public CandidatePair? Usable { get; private set; }

    /// <summary>There is a <see cref="Usable"/> pair and the peer consents.</summary>
    public bool MaySend { get; private set; }

    /// <summary>Every pair of this generation, for display and diagnosis.</summary>
    public IReadOnlyList<CandidatePair> Pairs => _current.Pairs;

    /// <summary>
    /// Does what came from <paramref name="remote"/> to <paramref name="localBase"/> belong to this session? True for paths
    /// that worked, nominated or not, and for those by which an authenticated check came.
    /// </summary>
    public bool Accepts(TransportAddress remote, TransportAddress localBase)
    {
        if (_isClosed) return false;
        var path = new PairPath(localBase, remote);
        return IsKnown(_current, path) || (_previous is not null && IsKnown(_previous, path));

        static bool IsKnown(Checklist list, PairPath path)
        {
            if (list.Find(path) is { } pair) return pair.WasValid || pair.HeardPeer;
            foreach (var early in list.Early)
                if (early.Path == path) return true;
            return false;
        }
    }

    public void AddLocalCandidate(Candidate candidate, Instant now)
    {
        var refusal = Refuse(candidate, candidate.Base);
        if (_locals.Exists(known => known.Address == candidate.Address && known.Base == candidate.Base && known.Priority >= candidate.Priority)) refusal ??= CandidateRefusal.Duplicate;
        if (_locals.Count >= MaxLocals) refusal ??= CandidateRefusal.LimitReached;
        if (refusal is { } reason)
        {
            Note(new Observation.CandidateIgnored(candidate, reason));
            return;
        }

        _locals.Add(candidate);
        Note(new Observation.LocalCandidateLearned(candidate, CandidateOrigin.Signalled));
        foreach (var remote in _current.Remotes)
            if (Checklist.CanPair(candidate, remote)) _current.Pair(candidate, remote, Role);
        ReplayEarlyChecks(now);
        Settle(now);
    }

    /// <summary>Gives the generation its peer: the first time, or after <see cref="Restart"/>. The same again changes nothing.</summary>
    /// <exception cref="InvalidOperationException">Other credentials without a restart: the caller's bug.</exception>
    public void SetRemote(IceCredentials remote, bool isLite, Instant now)
    {
        if (_isClosed) return;
        if (_current.Remote is { } known)
        {
            if (known == remote) return;
            throw new InvalidOperationException("New remote credentials are a new generation: call Restart first.");
        }

        _current.SetRemote(remote);
        _timers.Set(Timer.Patience, now + Patience);
        if (isLite && Role is IceRole.Controlled) SwitchRole(IceRole.Controlling); // RFC 8445 §6.1.1
        ReplayEarlyChecks(now);
        Settle(now);
    }

    public void AddRemoteCandidate(Candidate candidate, Instant now)
    {
        if ((Refuse(candidate, candidate.Address) ?? _current.TryAddRemote(candidate, Role)) is { } reason)
        {
            Note(new Observation.CandidateIgnored(candidate, reason));
            return;
        }

        Note(new Observation.RemoteCandidateLearned(candidate, CandidateOrigin.Signalled));
        foreach (var local in _locals)
            if (Checklist.CanPair(local, candidate)) _current.Pair(local, candidate, Role);
        Settle(now);
    }

    /// <summary>RFC 8838 §13. It shortens the wait before nominating; failing still takes RFC 8863's patience.</summary>
    public void EndOfRemoteCandidates(Instant now)
    {
        _current.IsRemoteComplete = true;
        Settle(now);
    }

    /// <summary>Begins a generation (RFC 8445 §9). Media goes on over the old pair until a new one is valid.</summary>
    public void Restart(IceCredentials local, Instant now)
    {
        if (_isClosed) return;
        if (_current.Sendable is not null || _current.Selected is not null) _previous = _current;
        _current = new Checklist(local);
        _timers = new Timers<Timer>();
        if (_isLost) Revive(now);
        Note(new Observation.IceRestarted(local.Ufrag));
        Settle(now);
    }

    /// <summary>
    /// The TCP connection of this path has closed (RFC 6544 §6.3): it ends now, not when its consent runs out. A peer that
    /// connects again does so from another port, as a new path.
    /// </summary>
    public void PathClosed(TransportAddress localBase, TransportAddress remote, Instant now)
    {
        if (_isClosed) return;
        foreach (var list in Generations) list.Forget(new PairPath(localBase, remote));
        Note(new Observation.StreamClosed(localBase, remote));
        Settle(now);
    }

    /// <summary>Goes silent at once.</summary>
    public void Close(Instant now)
    {
        _isClosed = true;
        MaySend = false;
        Usable = null;
        _outputs.Clear();
        _answers.Clear();
        _invitations.Clear();
        _ = now;
    }

    public void Advance(Instant now)
    {
        if (_isClosed) return;

        foreach (var list in Generations)
        {
            ExpireConsents(list, now);
            GiveUp(list, now);
        }

        if (_timers.TryTake(Timer.Patience, now))
        {
            _current.IsPatienceOver = true;
            _timers.Set(Timer.Verdict, now + CheckLifetime); // for what is still being asked, and no longer
        }

        if (_timers.TryTake(Timer.Verdict, now)) _current.IsVerdictDue = true;
        if (_timers.TryTake(Timer.Farewell, now)) _previous = null;
        if (_timers.TryTake(Timer.Revive, now)) Revive(now);
        Settle(now);
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (_outputs.TryDequeue(out var value)) return value is Observation fact ? Output.Observation(fact) : Output.Event(value);
        if (_isClosed) return Output.Idle(Instant.Never);
        if (_answers.TryDequeue(out var answer)) return Write(answer, buffer);
        if (_invitations.TryDequeue(out var invitation)) return Write(invitation, buffer);
        if (_isSettled && now < _wakeAt) return Output.Idle(_wakeAt);
        if (NextCheck(now) is { } pair) return Send(pair, buffer, now);

        _wakeAt = NextDeadline();
        _isSettled = true;
        return Output.Idle(_wakeAt);
    }

    private Checklist[] Generations => _previous is null ? [_current] : [_current, _previous];

    /// <summary>After every input: draws the conclusions that span pairs.</summary>
    private void Settle(Instant now)
    {
        _isSettled = false;
        ConsiderNomination(now);
        UpdateSending(now);
        ConsiderFailure(now);
    }

    private CandidateRefusal? Refuse(Candidate candidate, TransportAddress address)
    {
        if (_isClosed) return CandidateRefusal.Closed;
        return IsUsable(address) && IsUsable(candidate.Address) ? null : CandidateRefusal.UnusableAddress;

        // Unspecified, multicast and broadcast are no one's address; port 0 no one's port.
        static bool IsUsable(TransportAddress a)
        {
            if (a.Port == 0) return false;
            Span<byte> bytes = stackalloc byte[16];
            bytes = bytes[..a.WriteAddress(bytes)];
            bool multicast = a.IsIPv4 ? bytes[0] >= 224 : bytes[0] == 0xFF;
            return !multicast && bytes.ContainsAnyExcept((byte)0);
        }
    }

    private void Note(Observation fact)
    {
        if (_outputs.Count < MaxPending) _outputs.Enqueue(fact);
    }

    private void Tell(IceEvent @event) => _outputs.Enqueue(@event);

    private ulong NextTiebreaker()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        _random.GetBytes(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}
