using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Facts;

// What the other ends know, and what was tried beside the call.
public abstract partial record Fact
{
    /// <summary>What the server's side of an attempt saw; <see cref="Of"/> makes it from the protocol's own evidence.</summary>
    /// <param name="Failure">Null while the attempt lives.</param>
    public sealed record ServerAttempt(
        PathFinding Path, Counts Local, Counts Remote, PeerFailure? Failure = null, string? Detail = null, int Pairs = 0, int ChecksSent = 0, int ChecksAnswered = 0,
        int ChecksRefused = 0, int StunError = 0, int ChecksReceived = 0, int Datagrams = 0, int DtlsDatagrams = 0, int DtlsFlight = 0, int DtlsRepeats = 0,
        bool IsEncrypted = false, bool IsAssociated = false, int BadIntegrity = 0) : Fact
    {
        public static ServerAttempt Of(PeerFailure? failure, string? detail, AttemptEvidence seen) => new(
            seen.Path, Counts.Of(seen.Local), Counts.Of(seen.Remote), failure, detail, seen.Pairs, seen.ChecksSent, seen.ChecksAnswered, seen.ChecksRefused, seen.StunError,
            seen.ChecksReceived, seen.Datagrams, seen.DtlsDatagrams, seen.DtlsFlight, seen.DtlsRepeats, seen.IsEncrypted, seen.IsAssociated,
            seen.Dropped.GetValueOrDefault(DropReason.BadIntegrity));
    }

    /// <param name="Cause">Of a refusal: an id of the catalogue, or null where the refusal is no fault (a challenge).</param>
    public sealed record RelayEvent(RelayStep Step, int? Code = null, string? Cause = null, string? Detail = null) : Fact;

    /// <summary>A STUN or TURN server was used once, beside the call.</summary>
    /// <param name="Cause">An id of the catalogue.</param>
    public sealed record ProbeResult(string Url, ProbeOutcome Outcome, string? Cause = null, string? Proof = null, string? Stage = null, double? TookMs = null) : Fact;

    /// <summary>What the server found wrong with its own host, at its start.</summary>
    /// <param name="Cause">An id of the catalogue.</param>
    public sealed record HostCheck(string Cause, string Detail) : Fact;

    /// <summary>In RFC 4787's words: endpoint-independent, address-dependent, address-and-port-dependent.</summary>
    public sealed record Nat(string Mapping, string? Filtering = null) : Fact;

    /// <summary>A process did nothing for so long.</summary>
    public sealed record Stall(double Ms, string? Detail = null) : Fact;
}

/// <summary>Candidates by type, as in <see cref="CandidateCounts"/>.</summary>
public sealed record Counts(int Host = 0, int Prflx = 0, int Srflx = 0, int Relay = 0, int HostNames = 0, int NotUdp = 0)
{
    public int Usable => Host + Prflx + Srflx + Relay;

    public static Counts Of(CandidateCounts counts)
        => new(counts.Host, counts.PeerReflexive, counts.ServerReflexive, counts.Relayed, counts.HostNames, counts.NotUdp);
}

public enum RelayStep { Allocated, Refused, Relayed, Closed }

public enum ProbeOutcome { Works, Warning, Failed }
