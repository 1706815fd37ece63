using System.Security.Cryptography;

namespace Thaw.Protocol.Sctp;

/// <summary>
/// WebRTC data channels (RFC 8831, RFC 8832) over one SCTP association: what goes into and comes out of DTLS
/// application data. Channels negotiated out of band are not supported.
/// </summary>
public sealed partial class DataChannels(bool isDtlsClient, SctpOptions options, RandomNumberGenerator random, Instant now)
{
    private const int MostNotices = 256;

    private readonly SctpAssociation _association = new(options, random, now);
    private readonly Dictionary<ushort, Channel> _channels = [];
    private readonly Queue<object> _notices = [];
    private readonly Queue<(ushort Stream, byte[] Message)> _control = []; // DCEP messages that had to wait

    private enum ChannelState { Opening, Open, Closing }

    private sealed class Channel(string label, string protocol, ChannelReliability reliability)
    {
        public string Label { get; } = label;
        public string Protocol { get; } = protocol;
        public ChannelReliability Reliability { get; } = reliability;
        public ChannelState State { get; set; }
        public bool IncomingReset { get; set; }
        public bool OutgoingReset { get; set; }
    }

    /// <summary>What was queued and is not yet acknowledged: 0 means that the peer has it all.</summary>
    public int BufferedBytes => _association.BufferedBytes;

    /// <summary>After a terminal event, or after <see cref="Abort"/>.</summary>
    public bool IsEnded => _association.IsEnded;

    public void Connect(Instant now) => _association.Connect(now);

    /// <summary>One datagram of DTLS application data. Never throws, whatever its bytes.</summary>
    public void Receive(ReadOnlySpan<byte> packet, Instant now) => _association.Receive(packet, now);

    public void Advance(Instant now) => _association.Advance(now);

    /// <summary>ICE chose another path.</summary>
    public void PathChanged(Instant now) => _association.PathChanged(now);

    /// <summary>Delivers what is queued, then ends; <see cref="DataChannelEvent.Ended"/> follows.</summary>
    public void Shutdown(Instant now) => _association.Shutdown(now);

    /// <summary>Ends at once, with an ABORT if the peer is known. No event follows.</summary>
    public void Abort(string reason, Instant now) => _association.Abort(reason, now);

    /// <summary>Gives Transmit (one SCTP packet for DTLS), Event (<see cref="DataChannelEvent"/>), Observation and Idle.</summary>
    public Output Poll(Span<byte> buffer, Instant now)
    {
        while (true)
        {
            if (_notices.TryDequeue(out object? notice))
                return notice is Observation observation ? Output.Observation(observation) : Output.Event(notice);

            if (_control.Count > 0) FlushControl(now);
            var output = _association.Poll(buffer, now);
            if (output.Kind is not OutputKind.Event) return output;
            On((SctpEvent)output.Value!, now);
        }
    }

    /// <summary>Opens a channel; <see cref="DataChannelEvent.Opened"/> follows. May be called before the association is up.</summary>
    /// <exception cref="InvalidOperationException">There are <see cref="SctpOptions.MaxStreams"/> channels already.</exception>
    public ushort Open(string label, string protocol, ChannelReliability reliability, Instant now)
    {
        ushort stream = FreeStream();
        _channels[stream] = new Channel(label, protocol, reliability);
        Observe(new Observation.DataChannelRequested(stream, label));
        SendControl(stream, DcepMessage.Open(label, protocol, reliability), now);
        return stream;
    }

    /// <summary>Queues one message. False if the channel is not open, the message too long or the buffer full.</summary>
    public bool TrySend(ushort stream, bool isText, ReadOnlySpan<byte> data, Instant now)
    {
        if (!_channels.TryGetValue(stream, out var channel) || channel.State is not ChannelState.Open)
            return Refuse(stream, data.Length, MessageRefusal.NotOpen);
        if (options.RemoteMaxMessageSize > 0 && data.Length > options.RemoteMaxMessageSize)
            return Refuse(stream, data.Length, MessageRefusal.TooLarge);
        if (HasControlQueued(stream)) // our ACK goes first
            return Refuse(stream, data.Length, MessageRefusal.SendBufferFull);

        // RFC 8831 §6.6: SCTP has no empty messages, so one zero byte and its own PPID say it.
        uint ppid = (isText, data.IsEmpty) switch
        {
            (true, false) => Ppid.String,
            (true, true) => Ppid.StringEmpty,
            (false, false) => Ppid.Binary,
            (false, true) => Ppid.BinaryEmpty,
        };
        ReadOnlySpan<byte> payload = data.IsEmpty ? [0] : data;
        return _association.TrySend(stream, ppid, payload, channel.Reliability, now)
            || Refuse(stream, data.Length, MessageRefusal.SendBufferFull);
    }

    /// <summary>Closes a channel after what is queued on it; <see cref="DataChannelEvent.Closed"/> follows when the peer agrees.</summary>
    public void Close(ushort stream, Instant now)
    {
        if (!_channels.TryGetValue(stream, out var channel) || channel.State is ChannelState.Closing) return;
        channel.State = ChannelState.Closing;
        if (!_association.ResetStream(stream, now)) OnClosed(stream); // and the number is not used again
    }

    /// <summary>RFC 8832 §6: the DTLS client uses even stream numbers, the server odd ones.</summary>
    private ushort FreeStream()
    {
        if (_channels.Count < options.MaxStreams)
            for (int stream = isDtlsClient ? 0 : 1; stream < ushort.MaxValue; stream += 2)
                if (!_channels.ContainsKey((ushort)stream)) return (ushort)stream;
        throw new InvalidOperationException($"{_channels.Count} data channels exist already");
    }

    /// <summary>DCEP messages are sent reliably and in order, whatever the channel is (RFC 8832 §6).</summary>
    private void SendControl(ushort stream, ReadOnlySpan<byte> message, Instant now)
    {
        if (HasControlQueued(stream)) return; // the stream's last life ended before its ACK could leave: one will do
        if (_control.Count > 0 || !_association.TrySend(stream, Ppid.Dcep, message, default, now))
            _control.Enqueue((stream, message.ToArray()));
    }

    private bool HasControlQueued(ushort stream)
    {
        foreach (var (queued, _) in _control)
            if (queued == stream) return true;
        return false;
    }

    private void FlushControl(Instant now)
    {
        for (int i = _control.Count; i > 0; i--)
        {
            var (stream, message) = _control.Dequeue();
            bool done = !_channels.ContainsKey(stream) || _association.TrySend(stream, Ppid.Dcep, message, default, now);
            if (!done) _control.Enqueue((stream, message));
        }
    }

    private bool Refuse(ushort stream, int length, MessageRefusal reason)
    {
        Observe(new Observation.DataChannelMessageRefused(stream, length, reason));
        return false;
    }

    private void Observe(Observation observation)
    {
        if (_notices.Count < MostNotices) _notices.Enqueue(observation);
    }
}
