using System.Runtime.CompilerServices;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Ice;

/// <summary>RFC 8445 §6.1.2.6 without Frozen: with one component there is nothing to unfreeze.</summary>
public enum CandidatePairState { Waiting, InProgress, Succeeded, Failed }

/// <summary>
/// One path: a local base and a remote address. That is its identity; the candidates that describe its ends may be
/// replaced while it lives, as when signalling catches up with a peer-reflexive discovery.
/// </summary>
public sealed class CandidatePair
{
    private SentChecks _sent;
    private int _sentCount;

    internal CandidatePair(Checklist checklist, Candidate local, Candidate remote, IceRole role)
    {
        Checklist = checklist;
        Local = local;
        Remote = remote;
        Reprioritize(role);
    }

    public Candidate Local { get; private set; }
    public Candidate Remote { get; private set; }
    public CandidatePairState State { get; internal set; }
    public ulong Priority { get; private set; }

    /// <summary>Of the latest answered check.</summary>
    public TimeSpan? RoundTrip { get; internal set; }

    /// <summary>The peer answered a check on this path in the last 30 s (RFC 7675).</summary>
    public bool HasConsent => ConsentExpiresAt != Instant.Never;

    internal Checklist Checklist { get; }
    internal PairPath Path => new(Local.Base, Remote.Address);

    /// <summary>Never where there is no consent that could expire.</summary>
    internal Instant ConsentExpiresAt { get; set; } = Instant.Never;

    /// <summary>When to send the next check, or to give up.</summary>
    internal Instant DueAt { get; set; } = Instant.Never;

    /// <summary>When the last of a row of unanswered checks has been waited for.</summary>
    internal Instant GiveUpAt { get; set; } = Instant.Never;

    /// <summary>Checks sent since the last answer.</summary>
    internal int Attempts { get; set; }

    /// <summary>We are controlling and this pair's checks carry USE-CANDIDATE.</summary>
    internal bool IsNominating { get; set; }

    internal PeerNomination? Nomination { get; set; }

    /// <summary>An authenticated check came this way.</summary>
    internal bool HeardPeer { get; set; }

    /// <summary>The peer sent a check without USE-CANDIDATE since it last sent one with it.</summary>
    internal bool HeardPlainCheck { get; set; }

    internal bool WasValid { get; set; }
    internal bool IsQueued { get; set; }

    internal bool IsValid => State is CandidatePairState.Succeeded && HasConsent;

    internal bool IsRetransmitting => State is CandidatePairState.InProgress || IsNominating;

    /// <summary>0 direct, 1 through address translation, 2 through a relay or over TCP.</summary>
    internal int Cost => Local.Base.Protocol is TransportProtocol.Tcp ? 2 : Math.Max(CostOf(Local.Type), CostOf(Remote.Type));

    internal void Describe(Candidate local, Candidate remote, IceRole role)
    {
        Local = local;
        Remote = remote;
        Reprioritize(role);
    }

    internal void Reprioritize(IceRole role) => Priority = CandidatePriority.OfPair(Local.Priority, Remote.Priority, role);

    internal void Remember(SentCheck check) => _sent[_sentCount++ % SentChecks.Length] = check;

    /// <summary>Finds the unanswered check that a response claims to answer.</summary>
    internal bool TryFind(TransactionId transaction, out SentCheck check)
    {
        int index = IndexOf(transaction);
        check = index < 0 ? default : _sent[index];
        return index >= 0;
    }

    /// <summary>A check is answered once; a duplicate of the answer finds nothing.</summary>
    internal void Forget(TransactionId transaction) => _sent[IndexOf(transaction)] = default;

    private int IndexOf(TransactionId transaction)
    {
        for (int i = 0; i < SentChecks.Length; i++)
            if (_sent[i].IsPending && _sent[i].Transaction == transaction) return i;
        return -1;
    }

    private static int CostOf(CandidateType type) => type switch { CandidateType.Host => 0, CandidateType.Relayed => 2, _ => 1 };

    /// <summary>So many that an answer four seconds late still finds its check.</summary>
    [InlineArray(Length)]
    private struct SentChecks
    {
        public const int Length = 8;
        private SentCheck _first;
    }
}

/// <summary>What makes two packets belong together, whatever candidates describe it.</summary>
internal readonly record struct PairPath(TransportAddress LocalBase, TransportAddress Remote);

/// <summary>Every transmission is its own transaction, so a round trip is never ambiguous.</summary>
internal readonly record struct SentCheck(TransactionId Transaction, Instant At, IceRole Role, bool Nominating, bool IsPending = true);

/// <summary>USE-CANDIDATE as the controlled side saw it.</summary>
/// <param name="IsDeliberate">A check without it came first: the peer chose this pair, it does not flag them all.</param>
internal readonly record struct PeerNomination(Instant At, bool IsDeliberate);
