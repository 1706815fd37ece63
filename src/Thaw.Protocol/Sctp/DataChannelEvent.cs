namespace Thaw.Protocol.Sctp;

/// <summary>What the layer above the data channels must act on.</summary>
public abstract record DataChannelEvent
{
    private DataChannelEvent() { }

    /// <summary>The SCTP handshake is complete.</summary>
    public sealed record AssociationUp : DataChannelEvent;

    /// <summary>Messages may be sent: the peer opened the channel, or accepted ours.</summary>
    public sealed record Opened(ushort Stream, string Label, string Protocol, ChannelReliability Reliability, bool Incoming)
        : DataChannelEvent;

    public sealed record Message(ushort Stream, bool IsText, byte[] Data) : DataChannelEvent;

    public sealed record Closed(ushort Stream) : DataChannelEvent;

    /// <summary>Terminal: every channel is gone.</summary>
    public sealed record Failed(SctpFailure Reason, string Detail) : DataChannelEvent;

    /// <summary>Terminal: the association ended by SHUTDOWN.</summary>
    public sealed record Ended : DataChannelEvent;
}
