using Thaw.Protocol.Sctp;

namespace Thaw.Protocol;

public abstract partial record Observation
{
    public sealed record SctpInitSent(int Attempt) : Observation;

    /// <param name="RoundTrip">From INIT to INIT ACK; null where the peer's handshake won or ours was retransmitted.</param>
    public sealed record SctpAssociationUp(TimeSpan? RoundTrip) : Observation;

    /// <summary>Chunks were taken for lost and are sent again.</summary>
    public sealed record SctpChunksRetransmitted(SctpRetransmission Cause, int Chunks) : Observation;

    public sealed record SctpStreamReset(ushort Stream, bool Incoming) : Observation;

    /// <param name="Cause">The error cause code of RFC 9260 §3.3.10; 0 if there was none.</param>
    public sealed record SctpAbortReceived(int Cause, string Detail) : Observation;

    public sealed record SctpAbortSent(int Cause, string Detail) : Observation;

    public sealed record SctpErrorReceived(int Cause) : Observation;

    /// <param name="Consecutive">Unanswered so far; the association fails when this exceeds its limit.</param>
    public sealed record SctpHeartbeatLost(int Consecutive) : Observation;

    public sealed record DataChannelRequested(ushort Stream, string Label) : Observation;

    public sealed record DataChannelOpened(ushort Stream, string Label, bool Incoming) : Observation;

    public sealed record DataChannelClosed(ushort Stream) : Observation;

    /// <summary>A message was not sent, or arrived and was not delivered.</summary>
    public sealed record DataChannelMessageRefused(ushort Stream, int Length, MessageRefusal Reason) : Observation;
}
