using Thaw.Protocol.Ice;

namespace Thaw.Protocol.Peer;

/// <summary>Counts what an attempt observes, for its <see cref="AttemptEvidence"/>.</summary>
internal sealed class AttemptTally
{
    private static readonly int Reasons = Enum.GetValues<DropReason>().Length;

    private int[]? _dropped;
    private CandidateCounts _remote;
    private int _sent, _answered, _refused, _error, _received, _flight, _repeats, _datagrams, _dtlsDatagrams;

    public bool IsAssociated { get; private set; }

    /// <summary>A new attempt; what is up stays up.</summary>
    public void Clear()
    {
        (_dropped, _remote) = (null, default);
        _sent = _answered = _refused = _error = _received = _flight = _repeats = _datagrams = _dtlsDatagrams = 0;
    }

    public void CountDatagram() => _datagrams++;

    public void CountDtls() => _dtlsDatagrams++;

    public void Note(Observation seen)
    {
        switch (seen)
        {
            case Observation.RemoteCandidateLearned learned: _remote = With(_remote, learned.Candidate.Type); break;
            case Observation.RemoteCandidateUnused { Reason: CandidateUnused.HostName or CandidateUnused.NameUnresolved }: _remote = _remote with { HostNames = _remote.HostNames + 1 }; break;
            case Observation.RemoteCandidateUnused { Reason: CandidateUnused.NotUdp }: _remote = _remote with { NotUdp = _remote.NotUdp + 1 }; break;
            case Observation.CheckSent: _sent++; break;
            case Observation.CheckAnswered: _answered++; break;
            case Observation.CheckRejected rejected: (_refused, _error) = (_refused + 1, rejected.Code); break;
            case Observation.CheckReceived: _received++; break;
            case Observation.DtlsFlightSent sent: _flight = sent.Flight; break;
            case Observation.DtlsFlightRetransmitted: _repeats++; break;
            case Observation.SctpAssociationUp: IsAssociated = true; break;
            case Observation.DatagramDropped dropped: (_dropped ??= new int[Reasons])[(int)dropped.Reason]++; break;
        }
    }

    /// <param name="hidden">Candidates whose names are still being asked for.</param>
    public AttemptEvidence Sum(TimeSpan elapsed, IReadOnlyList<Candidate> local, int hidden, int pairs, bool isEncrypted)
    {
        var ours = default(CandidateCounts);
        foreach (var candidate in local) ours = With(ours, candidate.Type);
        var dropped = new Dictionary<DropReason, int>();
        for (int i = 0; i < _dropped?.Length; i++)
            if (_dropped[i] > 0) dropped.Add((DropReason)i, _dropped[i]);

        return new()
        {
            Elapsed = elapsed,
            Local = ours,
            Remote = _remote with { HostNames = _remote.HostNames + hidden },
            Pairs = pairs,
            ChecksSent = _sent,
            ChecksAnswered = _answered,
            ChecksRefused = _refused,
            StunError = _error,
            ChecksReceived = _received,
            Datagrams = _datagrams,
            DtlsDatagrams = _dtlsDatagrams,
            DtlsFlight = _flight,
            DtlsRepeats = _repeats,
            IsEncrypted = isEncrypted,
            IsAssociated = IsAssociated,
            Dropped = dropped,
        };
    }

    private static CandidateCounts With(CandidateCounts counts, CandidateType type) => type switch
    {
        CandidateType.PeerReflexive => counts with { PeerReflexive = counts.PeerReflexive + 1 },
        CandidateType.ServerReflexive => counts with { ServerReflexive = counts.ServerReflexive + 1 },
        CandidateType.Relayed => counts with { Relayed = counts.Relayed + 1 },
        _ => counts with { Host = counts.Host + 1 },
    };
}
