using System.Buffers.Binary;
using System.Text;

namespace Thaw.Protocol.Sctp;

public sealed partial class SctpAssociation
{
    private const int LongestReason = 128;

    /// <summary>One SCTP packet arrived. Never throws, whatever its bytes.</summary>
    public void Receive(ReadOnlySpan<byte> packet, Instant now)
    {
        if (_state is State.Ended) return;
        if (PacketReader.TryRead(packet, out var reader) is { } reason)
        {
            Drop(reason);
            return;
        }

        if (reader.SourcePort != _options.RemotePort || reader.DestinationPort != _options.LocalPort)
        {
            Drop(DropReason.NoRoute);
            return;
        }

        _hadData = _ackNow = false;
        DropReason? dropped = null;
        foreach (var chunk in reader)
        {
            var refusal = IsTagRight(reader.VerificationTag, chunk) ? Handle(chunk, now) : DropReason.BadVerificationTag;
            if (_state is State.Ended) return;

            dropped ??= refusal;
            if (refusal is not null && EndsPacket(refusal, chunk.Type)) break;
        }

        if (dropped is { } first) Drop(first);
        AfterPacket(now);
    }

    /// <summary>A chunk that only came at the wrong time says nothing about those behind it.</summary>
    private static bool EndsPacket(DropReason? refusal, ChunkType type)
        => refusal is DropReason.Malformed or DropReason.BadVerificationTag || !Enum.IsDefined(type);

    /// <summary>RFC 9260 §8.5, §8.5.1.</summary>
    private bool IsTagRight(uint tag, in ChunkReader chunk) => chunk.Type switch
    {
        ChunkType.Init => tag == 0,
        // The T bit: the sender had no tag of ours and reflects the one that we send.
        ChunkType.Abort or ChunkType.ShutdownComplete when (chunk.Flags & 1) != 0 => tag == _peer.Tag && tag != 0,
        _ => tag == _localTag,
    };

    private DropReason? Handle(in ChunkReader chunk, Instant now)
    {
        switch (chunk.Type)
        {
            case ChunkType.Init: return OnInit(chunk);
            case ChunkType.InitAck: return OnInitAck(chunk, now);
            case ChunkType.CookieEcho: return OnCookieEcho(chunk, now);
            case ChunkType.CookieAck: return OnCookieAck(now);
            case ChunkType.Abort: return OnAbort(chunk);
            case ChunkType.Error: return OnError(chunk, now);
        }

        if (_state is State.CookieEchoed && chunk.Type is ChunkType.Data)
            Establish(now); // the peer took our cookie; its COOKIE ACK is lost or late. usrsctp concludes the same.
        if (!IsUp) return DropReason.UnexpectedChunk;

        return chunk.Type switch
        {
            ChunkType.Data => OnData(chunk, now),
            ChunkType.Sack => OnSack(chunk, now),
            ChunkType.ForwardTsn => OnForwardTsn(chunk),
            ChunkType.Heartbeat => OnHeartbeat(chunk),
            ChunkType.HeartbeatAck => OnHeartbeatAck(chunk, now),
            ChunkType.ReConfig => OnReConfig(chunk, now),
            ChunkType.Shutdown => OnShutdown(chunk, now),
            ChunkType.ShutdownAck => OnShutdownAck(),
            ChunkType.ShutdownComplete => OnShutdownComplete(),
            ChunkType.Ecne or ChunkType.Cwr => null, // ECN was not negotiated
            _ => OnUnknown(chunk),
        };
    }

    /// <summary>RFC 9260 §3.2: the highest bit says skip or stop, the next one says report.</summary>
    private DropReason? OnUnknown(in ChunkReader chunk)
    {
        if (((int)chunk.Type & 0x40) != 0) ReportError(_peer.Tag, ErrorCause.UnrecognizedChunkType, chunk.Whole);
        return ((int)chunk.Type & 0x80) != 0 ? null : DropReason.UnexpectedChunk;
    }

    private DropReason? OnAbort(in ChunkReader chunk)
    {
        if (_state is State.Closed) return DropReason.UnexpectedChunk;

        var cause = FirstCause(chunk.Value, out var information);
        string detail = cause is ErrorCause.UserInitiatedAbort
            ? Encoding.UTF8.GetString(information[..Math.Min(information.Length, LongestReason)])
            : $"cause {(int)cause}";
        Observe(new Observation.SctpAbortReceived((int)cause, detail));
        Fail(SctpFailure.AbortedByPeer, detail);
        return null;
    }

    private DropReason? OnError(in ChunkReader chunk, Instant now)
    {
        var cause = FirstCause(chunk.Value, out _);
        Observe(new Observation.SctpErrorReceived((int)cause));

        // §5.2.6: the cookie took too long. T1's count goes on, so this ends.
        if (cause is not ErrorCause.StaleCookie || _state is not State.CookieEchoed) return null;
        if (_initsSent > _options.MaxInitRetransmissions) Fail(SctpFailure.HandshakeTimedOut, "stale cookie");
        else
        {
            _state = State.CookieWait;
            _due &= ~Due.CookieEcho;
            SendInit(now);
        }

        return null;
    }

    private static ErrorCause FirstCause(ReadOnlySpan<byte> causes, out ReadOnlySpan<byte> information)
    {
        bool any = ParameterReader.TryTake(ref causes, out var first);
        information = any ? first.Value : default;
        return any ? (ErrorCause)(ushort)first.Type : ErrorCause.None;
    }

    private DropReason? OnHeartbeat(in ChunkReader chunk)
    {
        if (chunk.Value.Length > _options.MaxPacketSize - PacketReader.HeaderLength - ChunkReader.HeaderLength)
            return DropReason.TooLong;
        if (_heartbeatEcho.Length < chunk.Value.Length) _heartbeatEcho = new byte[chunk.Value.Length];
        chunk.Value.CopyTo(_heartbeatEcho);
        _heartbeatEchoLength = chunk.Value.Length;
        _due |= Due.HeartbeatAck;
        return null;
    }

    /// <summary>One error at a time; what comes while it waits to be polled is not reported.</summary>
    private void ReportError(uint tag, ErrorCause cause, ReadOnlySpan<byte> information)
    {
        if ((_due & Due.Error) != 0) return;
        var bounded = information[..Math.Min(information.Length, LongestReason)];
        byte[] error = new byte[ParameterReader.HeaderLength + bounded.Length];
        BinaryPrimitives.WriteUInt16BigEndian(error, (ushort)cause);
        BinaryPrimitives.WriteUInt16BigEndian(error.AsSpan(2), (ushort)error.Length);
        bounded.CopyTo(error.AsSpan(ParameterReader.HeaderLength));
        _error = (tag, error);
        _due |= Due.Error;
    }

    private void Drop(DropReason reason) => Observe(new Observation.DatagramDropped(default, reason));
}
