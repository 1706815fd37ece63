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
    OverRate,      // of its allocation
    OverTotalRate, // of all
    NotDrained, // the host broke the contract: one input, then poll
}

/// <summary>What a server has done so far. Only grows; read it from the thread that owns the server.</summary>
public sealed class TurnCounters
{
    private readonly long[] _drops = new long[Enum.GetValues<RelayDrop>().Length];
    private readonly long[] _refusals = new long[TurnCauses.All.Count];

    public long PacketsToPeers { get; internal set; }
    public long BytesToPeers { get; internal set; }
    public long PacketsToClients { get; internal set; }
    public long BytesToClients { get; internal set; }
    public long Requests { get; internal set; }
    public long Refusals { get; internal set; }
    public long AnswersSuppressed { get; internal set; }
    public long AllocationsMade { get; internal set; }

    /// <summary>Observations that nobody took in time.</summary>
    public long ObservationsLost { get; internal set; }

    public long Dropped(RelayDrop reason) => _drops[(int)reason];

    /// <summary>Refusals by kind; the first answer of every session, <see cref="TurnCause.Challenge"/>, is one.</summary>
    public long Refused(TurnCause cause) => _refusals[(int)cause];

    internal void Count(RelayDrop reason) => _drops[(int)reason]++;

    internal void Count(TurnCause cause) => _refusals[(int)cause]++;
}
