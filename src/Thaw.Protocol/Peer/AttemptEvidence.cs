namespace Thaw.Protocol.Peer;

/// <summary>What one attempt to connect saw: counts, no addresses. A verdict can be built on it and shown to anyone.</summary>
public sealed record AttemptEvidence
{
    /// <summary>From the answer (or, with <see cref="PeerFailure.PathNotRecovered"/>, from the loss) to this.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>What we offered.</summary>
    public required CandidateCounts Local { get; init; }

    /// <summary>What the other side named, and as peer-reflexive what its checks revealed.</summary>
    public required CandidateCounts Remote { get; init; }

    /// <summary>Pairs of a candidate of ours with one of theirs: same family, same protocol.</summary>
    public required int Pairs { get; init; }

    public required int ChecksSent { get; init; }
    public required int ChecksAnswered { get; init; }

    /// <summary>Error responses to our checks.</summary>
    public required int ChecksRefused { get; init; }

    /// <summary>The latest STUN error code among them; 0 for none.</summary>
    public required int StunError { get; init; }

    /// <summary>The other side's checks with our credentials.</summary>
    public required int ChecksReceived { get; init; }

    /// <summary>Everything that arrived for this connection, of whatever kind.</summary>
    public required int Datagrams { get; init; }

    /// <summary>Of them, those that looked like DTLS.</summary>
    public required int DtlsDatagrams { get; init; }

    /// <summary>The highest flight that we sent, numbered as in RFC 6347 figure 1; 0 for none.</summary>
    public required int DtlsFlight { get; init; }

    /// <summary>How often flights of ours were repeated.</summary>
    public required int DtlsRepeats { get; init; }

    public required bool IsEncrypted { get; init; }

    /// <summary>The SCTP association was up; what is missing then is a channel.</summary>
    public required bool IsAssociated { get; init; }

    /// <summary>Datagrams that were refused, by reason; reasons that never occurred are absent.</summary>
    public required IReadOnlyDictionary<DropReason, int> Dropped { get; init; }

    public PathFinding Path => this switch
    {
        { ChecksAnswered: > 0 } => PathFinding.Worked,
        { ChecksRefused: > 0 } => PathFinding.Refused,
        { ChecksReceived: > 0 } => PathFinding.NothingReturned,
        _ when Dropped.ContainsKey(DropReason.BadIntegrity) => PathFinding.WrongCredentials,
        { Remote.Usable: 0 } => PathFinding.NothingNamed,
        { Pairs: 0 } => PathFinding.NothingFits,
        _ => PathFinding.NothingArrived,
    };
}

/// <summary>What the checks of an attempt amount to.</summary>
public enum PathFinding
{
    Worked,           // at least one of ours was answered
    Refused,          // answered, but with errors
    NothingReturned,  // theirs arrive, ours are never answered: only one direction is open
    WrongCredentials, // theirs arrive with another answer's password
    NothingNamed,     // no candidate that we could check, and no check of theirs
    NothingFits,      // candidates, but of families or protocols that we have no address for
    NothingArrived,   // candidates on both sides, and silence
}

/// <summary>Candidates by type, and those that no check can use.</summary>
/// <param name="HostNames">mDNS names that nobody has answered for, or any other.</param>
/// <param name="NotUdp">TCP candidates that we do not dial.</param>
public readonly record struct CandidateCounts(int Host, int PeerReflexive, int ServerReflexive, int Relayed, int HostNames = 0, int NotUdp = 0)
{
    public int Usable => Host + PeerReflexive + ServerReflexive + Relayed;

    /// <summary>In words, as <c>2 host, 1 relayed</c>; <c>none</c> where there are none.</summary>
    public override string ToString()
    {
        string[] parts = [.. new[]
        {
            (Host, "host"), (ServerReflexive, "server-reflexive"), (PeerReflexive, "peer-reflexive"), (Relayed, "relayed"),
            (HostNames, "host name"), (NotUdp, "not UDP"),
        }.Where(part => part.Item1 > 0).Select(part => $"{part.Item1} {part.Item2}")];
        return parts is [] ? "none" : string.Join(", ", parts);
    }
}
