using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnClient
{
    // A Send indication to an IPv6 peer: headers of message, address and data, and padding.
    private const int MaxOverhead = 20 + 4 + 20 + 4 + 3;

    /// <summary>The longest payload that <see cref="Send"/> takes.</summary>
    public const int MaxPayload = Output.BufferLength - MaxOverhead;

    private static readonly TimeSpan BouncePeriod = TimeSpan.FromSeconds(10);

    private PacketRing? _packets;

    /// <summary>
    /// Sends to a peer through the relay, as soon as the server permits. Allocates nothing once the permission stands.
    /// </summary>
    public void Send(TransportAddress peer, ReadOnlySpan<byte> payload, Instant now)
    {
        if (State is not (TurnClientState.Allocated or TurnClientState.Expiring) || payload.Length > MaxPayload
            || RelayedFor(peer) == default || !IsUsable(peer) || FindOrAdd(peer, now) is not { } entry)
        {
            Dropped++;
            return;
        }

        var permission = PermissionOf(entry);
        entry.UsedAt = permission.UsedAt = now;
        if (entry.Sent < SentBeforeChannel) entry.Sent++;

        if (permission.Allows(now))
        {
            if (entry.BoundUntil > now) SendOnChannel(entry, payload);
            else
            {
                SendIndication(entry, payload);
                ConsiderChannel(entry, now);
            }
        }
        else if (permission.State is TurnPermissionState.Refused && now < permission.Until)
        {
            Dropped++;
        }
        else
        {
            permission.State = TurnPermissionState.Pending;
            Want(permission);
            Wait(permission, entry, payload);
        }
    }

    private void SendOnChannel(TurnPeer peer, ReadOnlySpan<byte> payload)
    {
        var room = _packets!.Reserve();
        if (room.IsEmpty)
        {
            Dropped++;
            return;
        }

        int length = ChannelData.Length(payload.Length, Server.Protocol);
        ChannelData.WriteHeader(room, peer.Channel, payload.Length);
        payload.CopyTo(room[ChannelData.HeaderLength..]);
        room[(ChannelData.HeaderLength + payload.Length)..length].Clear();
        _packets.Add(OutputKind.Transmit, Local, Server, length);
    }

    private void SendIndication(TurnPeer peer, ReadOnlySpan<byte> payload)
    {
        var room = _packets!.Reserve();
        if (room.IsEmpty) Dropped++;
        else _packets.Add(OutputKind.Transmit, Local, Server, WriteIndication(room, peer, payload));
    }

    private int WriteIndication(Span<byte> room, TurnPeer peer, ReadOnlySpan<byte> payload)
    {
        var message = new StunWriter(room, StunMethod.Send, StunClass.Indication, TransactionId.Next(_random));
        message.AddXorAddress(StunAttributeType.XorPeerAddress, peer.Address);
        message.Add(StunAttributeType.Data, payload);
        return message.Finish().Length;
    }

    private void Wait(TurnPermission permission, TurnPeer peer, ReadOnlySpan<byte> payload)
    {
        permission.Waiting ??= new Queue<(TurnPeer, byte[])>(TurnPermission.MaxWaiting);
        if (permission.Waiting.Count >= TurnPermission.MaxWaiting || _waiting >= MaxWaiting)
        {
            Dropped++;
            return;
        }

        permission.Waiting.Enqueue((peer, payload.ToArray()));
        _waiting++;
    }

    private bool TryTakeWaiting(Span<byte> buffer, out Output output)
    {
        output = default;
        if (!_flush.TryDequeue(out var packet)) return false;
        _waiting--;
        output = Output.Transmit(Local, Server, buffer[..WriteIndication(buffer, packet.Peer, packet.Payload)]);
        return true;
    }

    private void OnChannelData(in Datagram datagram, Instant now)
    {
        if (ChannelData.TryRead(datagram.Payload, out ushort number, out var data) is { } reason) Drop(datagram.Source, reason);
        else if (_peers.FindChannel(number) is not { } peer || peer.HeldUntil <= now) Drop(datagram.Source, DropReason.NoRoute);
        else
        {
            Hear(peer, peer.Permission, now);
            Deliver(datagram.Source, peer.Address, data);
        }
    }

    private void OnDataIndication(in StunReader message, TransportAddress source, Instant now)
    {
        if (!message.TryReadXorAddress(StunAttributeType.XorPeerAddress, out var from))
        {
            Drop(source, DropReason.MissingAttribute);
            return;
        }

        // RFC 8656 §11.4: only from addresses to which we asked to be open.
        if (_peers.FindPermission(from) is not { State: not TurnPermissionState.Refused } permission)
        {
            Drop(source, DropReason.NoRoute);
            return;
        }

        if (message.TryFind(StunAttributeType.Icmp, out var icmp))
        {
            if (icmp.TryReadUInt64(out ulong value)) OnIcmp(permission, from, (uint)(value >> 32), now);
            else Drop(source, DropReason.Malformed);
            return;
        }

        if (!message.TryFind(StunAttributeType.Data, out var data))
        {
            Drop(source, DropReason.MissingAttribute);
            return;
        }

        var peer = _peers.Find(from);
        Hear(peer, permission, now);
        Deliver(source, from, data.Value);
        if (peer is not null && permission.Allows(now)) ConsiderChannel(peer, now);
    }

    /// <summary>RFC 8656 §11.5, §18.13: 7 bits of type, 9 of code. Once in a while for an address: they come for every packet.</summary>
    private void OnIcmp(TurnPermission permission, TransportAddress peer, uint value, Instant now)
    {
        if (now < permission.BouncesAgainAt) return;
        permission.BouncesAgainAt = now + BouncePeriod;
        Tell(new TurnClientEvent.Bounced(RelayedFor(peer), peer, (int)(value >> 9) & 0x7F, (int)value & 0x1FF));
    }

    private static void Hear(TurnPeer? peer, TurnPermission? permission, Instant now)
    {
        if (peer is not null)
        {
            peer.IsHeard = true;
            peer.UsedAt = now;
        }

        if (permission is null) return;
        permission.IsHeard = true;
        permission.UsedAt = now;
    }

    private void Deliver(TransportAddress source, TransportAddress peer, ReadOnlySpan<byte> data)
    {
        var relayed = RelayedFor(peer);
        var room = _packets is null ? default : _packets.Reserve();
        if (data.Length > room.Length || relayed == default)
        {
            Drop(source, relayed == default ? DropReason.NoRoute : room.IsEmpty ? DropReason.QueueFull : DropReason.TooLong);
            return;
        }

        data.CopyTo(room);
        _packets!.Add(OutputKind.Delivery, peer, relayed, data.Length);
    }

    private TransportAddress RelayedFor(TransportAddress peer)
    {
        foreach (var address in _relayed)
            if (address.IsIPv4 == peer.IsIPv4) return address;
        return default;
    }

    private TurnPeer? FindOrAdd(TransportAddress peer, Instant now) => _peers.Find(peer) ?? _peers.Add(peer, now);

    private TurnPermission PermissionOf(TurnPeer peer)
    {
        if (peer.Permission is { State: not TurnPermissionState.Gone } known) return known;
        var permission = _peers.Permit(peer, out var evicted);
        if (evicted is not null) Forget(evicted);
        return permission;
    }
}
