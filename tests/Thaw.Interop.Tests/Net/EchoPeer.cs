using System.Buffers.Binary;
using Thaw.Net;
using Thaw.Net.Loop;
using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Interop.Tests.Net;

/// <summary>
/// The smallest peer: answers every check, echoes everything else, says "bye" as it closes. A datagram of 0x80 0xFF is
/// its bug; 0x81 comes out as media.
/// </summary>
internal sealed class EchoPeer(PeerSeat seat, string name) : IHostedPeer
{
    private static readonly MediaPacket Packet = new(1, 2, 3, 4, true);
    private readonly byte[] _pending = new byte[Output.BufferLength];
    private int _length;
    private TransportAddress _local, _remote;
    private object? _event;
    private bool _media, _closing;

    public PeerSeat Seat { get; } = seat;
    public string LocalUfrag { get; set; } = seat.UfragPrefix + name;
    public bool IsClosed { get; private set; }
    public bool IsDisposed { get; private set; }
    public Instant WakeAt { get; set; } = Instant.Never;
    public Instant WokenAt { get; private set; } = Instant.Never;
    public int Received { get; private set; }
    public int ClosedPaths { get; private set; }

    /// <summary>What its loop had allocated as the latest datagram came in.</summary>
    public long LoopAllocated { get; private set; }

    public void Receive(in Datagram datagram, Instant now)
    {
        LoopAllocated = GC.GetAllocatedBytesForCurrentThread();
        Received++;
        if (datagram.Payload is [0x80, 0xFF, ..]) throw new InvalidOperationException("The echo peer has a bug.");

        (_local, _remote) = (datagram.Destination, datagram.Source);
        Put(datagram.Payload);
        _media = datagram.Payload[0] == 0x81;
        if (datagram.Payload[0] == 0) BinaryPrimitives.WriteUInt16BigEndian(_pending, 0x0101); // Binding success
    }

    public void Advance(Instant now)
    {
        if (now < WakeAt) return;
        WokenAt = now;
        WakeAt = Instant.Never;
        _event = new PeerEvent.Connected();
    }

    public void SendTo(TransportAddress local, TransportAddress remote)
    {
        (_local, _remote) = (local, remote);
        Put("hello"u8);
    }

    public void SendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now) => Put(payload);

    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data, Instant now)
    {
        if (data.Length > _pending.Length) return false;
        Put(data);
        return true;
    }

    public void PathClosed(TransportAddress local, TransportAddress remote, Instant now) => ClosedPaths++;

    public void Close(Instant now)
    {
        Put("bye"u8);
        _closing = true;
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (_length > 0)
        {
            var payload = _pending.AsSpan(0, _length);
            _length = 0;
            if (_media) return Output.Media(Packet, payload);
            if (_remote != default) return Output.Transmit(_local, _remote, payload);
        }

        if (_event is { } e)
        {
            _event = null;
            return Output.Event(e);
        }

        IsClosed = _closing;
        return Output.Idle(WakeAt);
    }

    public void Dispose() => IsDisposed = true;

    private void Put(ReadOnlySpan<byte> payload)
    {
        payload.CopyTo(_pending);
        _length = payload.Length;
        _media = false;
    }
}
