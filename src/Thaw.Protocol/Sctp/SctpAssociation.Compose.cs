using System.Buffers.Binary;
using System.Text;

namespace Thaw.Protocol.Sctp;

/// <summary>Packets are made when they are polled, from what is due then: nothing is queued as bytes.</summary>
public sealed partial class SctpAssociation
{
    private const int MostGaps = 100;          // in one SACK, so that DATA still fits beside it
    private const int MostSkippedStreams = 64; // in one FORWARD TSN, likewise

    private (uint Tag, byte[] Causes) _error;
    private (ErrorCause Cause, string Detail) _abort;

    /// <summary>Writes the next packet and returns its length; 0 if there is none.</summary>
    private int Compose(Span<byte> buffer, Instant now)
    {
        if (TryTake(Due.Abort)) return ComposeAbort(buffer);
        if (TryTake(Due.ShutdownComplete)) return ComposeAlone(buffer, _peer.Tag, ChunkType.ShutdownComplete, default);
        if (_state is State.Ended) return 0;

        if (TryTake(Due.Init)) return ComposeInit(buffer, ChunkType.Init, tag: 0, default);
        if (TryTake(Due.InitAck)) return ComposeInitAck(buffer, now);
        if (TryTake(Due.Error)) return ComposeAlone(buffer, _error.Tag, ChunkType.Error, _error.Causes);
        if (TryTake(Due.HeartbeatAck))
            return ComposeAlone(buffer, _peer.Tag, ChunkType.HeartbeatAck, _heartbeatEcho.AsSpan(0, _heartbeatEchoLength));

        return _state >= State.CookieEchoed ? ComposeBundle(buffer, now) : 0;
    }

    private int ComposeAlone(Span<byte> buffer, uint tag, ChunkType type, ReadOnlySpan<byte> value)
    {
        var packet = new PacketWriter(buffer, _options, tag);
        packet.Add(type, 0, value);
        return packet.Seal();
    }

    private int ComposeAbort(Span<byte> buffer)
    {
        Span<byte> cause = stackalloc byte[ParameterReader.HeaderLength + LongestReason];
        int length = ParameterReader.HeaderLength;
        if (Encoding.UTF8.TryGetBytes(_abort.Detail, cause[length..], out int written)) length += written;
        BinaryPrimitives.WriteUInt16BigEndian(cause, (ushort)_abort.Cause);
        BinaryPrimitives.WriteUInt16BigEndian(cause[2..], (ushort)length);
        return ComposeAlone(buffer, _peer.Tag, ChunkType.Abort, cause[..length]);
    }

    private int ComposeInitAck(Span<byte> buffer, Instant now)
    {
        Span<byte> extra = stackalloc byte[ParameterReader.HeaderLength + StateCookie.Length + 256];
        Span<byte> cookie = stackalloc byte[StateCookie.Length];
        StateCookie.Write(cookie, _cookieKey, _initiator, now);
        var rest = PacketWriter.WriteParameter(extra, ParameterType.StateCookie, cookie);
        _unrecognized.CopyTo(rest);
        return ComposeInit(buffer, ChunkType.InitAck, _initiator.Tag, extra[..(extra.Length - rest.Length + _unrecognized.Length)]);
    }

    /// <summary>RFC 9260 §3.3.2; RFC 8831 §6.2 wants 65,535 streams and both extensions.</summary>
    private int ComposeInit(Span<byte> buffer, ChunkType type, uint tag, ReadOnlySpan<byte> extra)
    {
        ReadOnlySpan<byte> extensions = [(byte)ChunkType.ForwardTsn, (byte)ChunkType.ReConfig];
        const int ParametersLength = 8 + 4; // Supported Extensions, Forward-TSN-Supported

        var packet = new PacketWriter(buffer, _options, tag);
        var value = packet.Add(type, 0, InitReader.FixedLength + ParametersLength + extra.Length);
        BinaryPrimitives.WriteUInt32BigEndian(value, _localTag);
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], (uint)_reassembly.Window);
        BinaryPrimitives.WriteUInt16BigEndian(value[8..], ushort.MaxValue);
        BinaryPrimitives.WriteUInt16BigEndian(value[10..], ushort.MaxValue);
        BinaryPrimitives.WriteUInt32BigEndian(value[12..], _initialTsn.Value);
        var rest = PacketWriter.WriteParameter(value[InitReader.FixedLength..], ParameterType.SupportedExtensions, extensions);
        rest = PacketWriter.WriteParameter(rest, ParameterType.ForwardTsnSupported, default);
        extra.CopyTo(rest);
        return packet.Seal();
    }

    private int ComposeBundle(Span<byte> buffer, Instant now)
    {
        // §5.1 C: until the COOKIE ACK comes, DATA travels only in the COOKIE ECHO's own packet.
        if (_state is State.CookieEchoed && (_due & Due.CookieEcho) == 0) return 0;

        int most = Math.Max(_options.MaxPacketSize, PacketReader.HeaderLength + ChunkReader.HeaderLength + _cookie.Length + 3);
        var packet = new PacketWriter(buffer[..most], _options, _peer.Tag);
        if (TryTake(Due.CookieEcho)) packet.Add(ChunkType.CookieEcho, 0, _cookie);
        if (TryTake(Due.CookieAck)) packet.Add(ChunkType.CookieAck, 0, []);
        AddControl(ref packet, now);
        AddData(ref packet, now);
        AddShutdown(ref packet, now);
        return packet.IsEmpty ? 0 : packet.Seal();
    }

    private void AddControl(ref PacketWriter packet, Instant now)
    {
        if (!IsUp) return;

        bool isOwed = _packetsToAck > 0 || _timers.IsSet(Timer.Ack);
        if (TryTake(Due.Sack) || isOwed && MaySendData && _outbound.CanSend(now)) AddSack(ref packet);
        if (TryTake(Due.Heartbeat)) AddHeartbeat(ref packet);
        if (TryTake(Due.ReconfigResponse)) AddReconfigResponse(ref packet);
        if (_peerResets && _state is State.Established && _resets.TryBegin(_outbound))
        {
            _due |= Due.ReconfigRequest;
            _timers.Set(Timer.Reconfig, now + _rto.Current);
        }

        if (TryTake(Due.ReconfigRequest) && _resets.Requested.Length > 0) AddReconfigRequest(ref packet);
        AddForwardTsn(ref packet);
    }

    private bool MaySendData => _state is State.CookieEchoed or State.Established or State.ShutdownPending or State.ShutdownReceived;

    private void AddData(ref PacketWriter packet, Instant now)
    {
        if (!MaySendData) return;

        _outbound.OnIdleFor(_rto.Current, now);
        while (packet.DataRoom > 0 && _outbound.TryTake(packet.DataRoom, now, out var chunk))
        {
            packet.AddData(chunk);
            _lastDataAt = now;
        }

        _outbound.EndPacket();
        if (_outbound.HasOutstanding && IsUp && !_timers.IsSet(Timer.T3)) _timers.Set(Timer.T3, now + _rto.Current);
    }

    private void AddShutdown(ref PacketWriter packet, Instant now)
    {
        ContinueShutdown(now);
        if (packet.DataRoom < 0) return; // the next packet, then
        if (TryTake(Due.Shutdown))
            BinaryPrimitives.WriteUInt32BigEndian(packet.Add(ChunkType.Shutdown, 0, 4), _received.Cumulative.Value);
        if (TryTake(Due.ShutdownAck)) packet.Add(ChunkType.ShutdownAck, 0, []);
    }

    private void AddSack(ref PacketWriter packet)
    {
        Span<byte> gaps = stackalloc byte[4 * MostGaps];
        int count = _received.WriteGaps(gaps, MostGaps);

        var value = packet.Add(ChunkType.Sack, 0, 12 + 4 * count);
        BinaryPrimitives.WriteUInt32BigEndian(value, _received.Cumulative.Value);
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], (uint)_reassembly.Window);
        BinaryPrimitives.WriteUInt16BigEndian(value[8..], (ushort)count);
        BinaryPrimitives.WriteUInt16BigEndian(value[10..], 0);
        gaps[..(4 * count)].CopyTo(value[12..]);

        _packetsToAck = 0;
        _due &= ~Due.Sack;
        _timers.Stop(Timer.Ack);
    }

    private void AddHeartbeat(ref PacketWriter packet)
    {
        Span<byte> info = stackalloc byte[HeartbeatInfoLength - ParameterReader.HeaderLength];
        info.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(info, _heartbeatNonce);
        var value = packet.Add(ChunkType.Heartbeat, 0, HeartbeatInfoLength);
        PacketWriter.WriteParameter(value, ParameterType.HeartbeatInfo, info);
    }

    private void AddReconfigResponse(ref PacketWriter packet)
    {
        Span<byte> response = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(response, _resets.Response.Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(response[4..], (uint)_resets.Response.Result);
        var value = packet.Add(ChunkType.ReConfig, 0, ParameterReader.HeaderLength + response.Length);
        PacketWriter.WriteParameter(value, ParameterType.ReconfigResponse, response);
    }

    private void AddReconfigRequest(ref PacketWriter packet)
    {
        var streams = _resets.Requested;
        Span<byte> request = stackalloc byte[12 + 2 * StreamResets.MostStreams];
        BinaryPrimitives.WriteUInt32BigEndian(request, _resets.RequestSequence);
        BinaryPrimitives.WriteUInt32BigEndian(request[4..], _resets.LastSeen);
        BinaryPrimitives.WriteUInt32BigEndian(request[8..], _resets.RequestLastTsn.Value);
        for (int i = 0; i < streams.Length; i++) BinaryPrimitives.WriteUInt16BigEndian(request[(12 + 2 * i)..], streams[i]);

        request = request[..(12 + 2 * streams.Length)];
        var value = packet.Add(ChunkType.ReConfig, 0, ParameterReader.HeaderLength + request.Length);
        PacketWriter.WriteParameter(value, ParameterType.OutgoingSsnReset, request);
    }

    private void AddForwardTsn(ref PacketWriter packet)
    {
        Span<(ushort Stream, ushort Ssn)> skipped = stackalloc (ushort, ushort)[MostSkippedStreams];
        if (!_outbound.TryForward(skipped, out int count, out var advanced)) return;

        var value = packet.Add(ChunkType.ForwardTsn, 0, 4 + 4 * count);
        BinaryPrimitives.WriteUInt32BigEndian(value, advanced.Value);
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(value[(4 + 4 * i)..], skipped[i].Stream);
            BinaryPrimitives.WriteUInt16BigEndian(value[(6 + 4 * i)..], skipped[i].Ssn);
        }
    }
}
