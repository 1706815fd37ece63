namespace Thaw.Protocol.Turn;

/// <summary>Why a packet was not relayed. No observation each: a stranger could fill the log.</summary>
public enum RelayDrop
{
    NoAllocation,
    NoPermission,
    NoChannel,
    PeerDenied, // a port, or one of our own addresses where no relay is
    Malformed,
    TooLong,
    TooManyConnections,
    OverRate,      // of its allocation
    OverTotalRate, // of all
    NotDrained, // the host broke the contract: one input, then poll
}

/// <summary>What a server has done so far. Only grows; read it from the thread that owns the server.</summary>
public sealed class TurnCounters
{
    private const int FirstCode = 300, LastCode = 699; // RFC 8489 §14.8

    private readonly long[] _drops = new long[Enum.GetValues<RelayDrop>().Length];
    private readonly long[] _ends = new long[Enum.GetValues<AllocationEnd>().Length];
    private readonly long[] _byCode = new long[LastCode - FirstCode + 1];
    private readonly long[] _byCause = new long[TurnCauses.All.Count];

    public long PacketsToPeers { get; internal set; }
    public long BytesToPeers { get; internal set; }
    public long PacketsToClients { get; internal set; }
    public long BytesToClients { get; internal set; }
    public long Requests { get; internal set; }
    public long Refusals { get; private set; }

    /// <summary>Of the refusals those with which sessions begin or go on: 401 without credentials, 438 for an old nonce.</summary>
    public long Challenges { get; private set; }

    public long AnswersSuppressed { get; internal set; }
    public long AllocationsMade { get; internal set; }

    /// <summary>Observations that nobody took in time.</summary>
    public long ObservationsLost { get; internal set; }

    public long Dropped(RelayDrop reason) => _drops[(int)reason];

    public long Ended(AllocationEnd reason) => _ends[(int)reason];

    /// <summary>By error code, without <see cref="Challenges"/>; only codes that were used.</summary>
    public IEnumerable<(int Code, long Count)> RefusalsByCode
        => _byCode.Index().Where(refused => refused.Item > 0).Select(refused => (refused.Index + FirstCode, refused.Item));

    /// <summary>Refusals by kind; the first answer of every session, <see cref="TurnCause.Challenge"/>, is one.</summary>
    public long Refused(TurnCause cause) => _byCause[(int)cause];

    internal void Count(RelayDrop reason) => _drops[(int)reason]++;

    internal void Count(AllocationEnd reason) => _ends[(int)reason]++;

    internal void Count(int code, TurnRefusal refusal)
    {
        Refusals++;
        _byCause[(int)refusal.Cause]++;
        if (refusal is TurnRefusal.Challenge or TurnRefusal.NonceNotAccepted { Fault: NonceFault.Stale }) Challenges++;
        else _byCode[code - FirstCode]++;
    }
}
