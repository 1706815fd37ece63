namespace Thaw.Protocol.Sctp;

public sealed partial class DataChannels
{
    private void On(SctpEvent happened, Instant now)
    {
        switch (happened)
        {
            case SctpEvent.Message message: OnMessage(message, now); break;
            case SctpEvent.IncomingStreamReset reset: OnIncomingReset(reset.Stream, now); break;
            case SctpEvent.OutgoingStreamReset reset: OnOutgoingReset(reset.Stream); break;
            case SctpEvent.Established: _notices.Enqueue(new DataChannelEvent.AssociationUp()); break;
            case SctpEvent.Failed failed: _notices.Enqueue(new DataChannelEvent.Failed(failed.Reason, failed.Detail)); break;
            case SctpEvent.Ended: _notices.Enqueue(new DataChannelEvent.Ended()); break;
        }
    }

    private void OnMessage(SctpEvent.Message message, Instant now)
    {
        switch (message.Ppid)
        {
            case Ppid.Dcep when DcepMessage.IsAck(message.Data): OnAck(message.Stream); break;
            case Ppid.Dcep: OnOpen(message, now); break;
            case Ppid.String or Ppid.StringPartial: Deliver(message, isText: true, message.Data); break;
            case Ppid.Binary or Ppid.BinaryPartial: Deliver(message, isText: false, message.Data); break;
            case Ppid.StringEmpty: Deliver(message, isText: true, []); break;
            case Ppid.BinaryEmpty: Deliver(message, isText: false, []); break;
            default: Refuse(message.Stream, message.Data.Length, MessageRefusal.UnknownPpid); break;
        }
    }

    private void OnOpen(SctpEvent.Message message, Instant now)
    {
        ushort stream = message.Stream;
        if (!DcepMessage.TryReadOpen(message.Data, out string label, out string protocol, out var reliability))
        {
            Refuse(stream, message.Data.Length, MessageRefusal.MalformedDcep);
            return;
        }

        // A stream whose reset the peer has completed may be opened anew before we know that ours is complete too.
        bool isReopened = _channels.TryGetValue(stream, out var existing) && existing is { State: ChannelState.Closing, IncomingReset: true };
        if (existing is not null && !isReopened)
        {
            Refuse(stream, message.Data.Length, MessageRefusal.StreamInUse);
            return;
        }

        if (existing is null && _channels.Count >= options.MaxStreams)
        {
            Refuse(stream, message.Data.Length, MessageRefusal.TooManyChannels);
            _association.ResetStream(stream, now); // RFC 8832 §6: what cannot be accepted is closed
            return;
        }

        _channels[stream] = new Channel(label, protocol, reliability) { State = ChannelState.Open };
        SendControl(stream, DcepMessage.Ack, now);
        OnOpened(stream, label, protocol, reliability, incoming: true);
    }

    private void OnAck(ushort stream)
    {
        if (_channels.TryGetValue(stream, out var channel) && channel.State is ChannelState.Opening) Accept(stream, channel);
    }

    private void Deliver(SctpEvent.Message message, bool isText, byte[] data)
    {
        if (!_channels.TryGetValue(message.Stream, out var channel) || channel.State is ChannelState.Closing)
        {
            Refuse(message.Stream, data.Length, MessageRefusal.NoSuchChannel);
            return;
        }

        // RFC 8832 §6: data on a channel proves, as the ACK would, that the peer has our OPEN.
        if (channel.State is ChannelState.Opening) Accept(message.Stream, channel);
        _notices.Enqueue(new DataChannelEvent.Message(message.Stream, isText, data));
    }

    private void Accept(ushort stream, Channel channel)
    {
        channel.State = ChannelState.Open;
        OnOpened(stream, channel.Label, channel.Protocol, channel.Reliability, incoming: false);
    }

    private void OnOpened(ushort stream, string label, string protocol, ChannelReliability reliability, bool incoming)
    {
        Observe(new Observation.DataChannelOpened(stream, label, incoming));
        _notices.Enqueue(new DataChannelEvent.Opened(stream, label, protocol, reliability, incoming));
    }

    /// <summary>RFC 8831 §6.7: the peer's reset closes the channel and is answered with ours.</summary>
    private void OnIncomingReset(ushort stream, Instant now)
    {
        if (!_channels.TryGetValue(stream, out var channel) || channel.IncomingReset) return;
        channel.IncomingReset = true;
        if (channel.State is not ChannelState.Closing)
        {
            channel.State = ChannelState.Closing;
            _association.ResetStream(stream, now);
        }

        OnClosed(stream);
        ForgetIfDone(stream, channel);
    }

    private void OnOutgoingReset(ushort stream)
    {
        if (!_channels.TryGetValue(stream, out var channel) || channel.State is not ChannelState.Closing) return;
        channel.OutgoingReset = true;
        ForgetIfDone(stream, channel);
    }

    private void ForgetIfDone(ushort stream, Channel channel)
    {
        if (channel is { IncomingReset: true, OutgoingReset: true }) _channels.Remove(stream);
    }

    private void OnClosed(ushort stream)
    {
        Observe(new Observation.DataChannelClosed(stream));
        _notices.Enqueue(new DataChannelEvent.Closed(stream));
    }
}
