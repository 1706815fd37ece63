using System.Buffers.Binary;
using System.Net.Sockets;
using Thaw.Net.Udp;
using Thaw.Protocol;
using Thaw.Protocol.Stun;

namespace Thaw.Net.Loop;

internal sealed partial class Shard
{
    private const uint MagicCookie = 0x2112A442;     // RFC 8489 §5
    private const ushort ClassBits = 0x0110;         // RFC 8489 §5: both zero in a request
    private const ushort BindingSuccess = 0x0101;    // RFC 8489 §18.1

    private readonly Dictionary<TransportAddress, LocalSocket> _sockets = [];
    private readonly byte[] _received = new byte[65536]; // a datagram always fits: truncation is an exception on Windows

    /// <summary>On the loop, or before it starts.</summary>
    public void AddSocket(LocalSocket socket)
    {
        if (!_sockets.TryAdd(socket.Local, socket)) socket.Dispose();
    }

    public void RemoveSocket(TransportAddress local)
    {
        if (_sockets.Remove(local, out var socket)) socket.Dispose();
    }

    private void ReceiveFrom(LocalSocket socket)
    {
        int left = DatagramsPerTurn;
        do
        {
            int length;
            TransportAddress source;
            try
            {
                length = socket.ReceiveDatagram(_received, out source);
            }
            catch (SocketException e)
            {
                // ICMP errors of earlier sends are not about this socket; nor is a datagram that failed its checksum.
                if (e.SocketErrorCode is not (SocketError.WouldBlock or SocketError.ConnectionReset)) Counters.ReceiveErrors++;
                return;
            }

            Counters.DatagramsIn++;
            Counters.BytesIn += length;
            Route(new Flow(socket.Local, source), _received.AsSpan(0, length));
        }
        while (--left > 0 && socket.Available > 0);
    }

    private void Route(in Flow flow, ReadOnlySpan<byte> payload)
    {
        Session session = null!;
        if ((Refuse(payload) ?? Find(flow, payload, out session)) is { } reason)
        {
            Counters.Drop(reason);
            return;
        }

        if (session.Shard == this)
        {
            Deliver(session, flow, payload);
            return;
        }

        if (session.TryForward(flow, payload)) Counters.Forwarded++;
        else Counters.Drop(DropReason.QueueFull);
    }

    // Cheapest first: most garbage ends here, before any lookup. Ranges of RFC 7983 §7.
    private static DropReason? Refuse(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty) return DropReason.Empty;
        if (payload.Length > Output.BufferLength) return DropReason.TooLong;
        if (payload[0] is (>= 20 and <= 63) or (>= 128 and <= 191)) return null;
        if (payload[0] > 3) return DropReason.UnknownProtocol;
        if (payload.Length < 20) return DropReason.Truncated;
        return BinaryPrimitives.ReadUInt32BigEndian(payload[4..]) == MagicCookie ? null : DropReason.BadCookie;
    }

    // A request names its session, wherever it comes from; everything else belongs to whoever has the flow.
    private DropReason? Find(in Flow flow, ReadOnlySpan<byte> payload, out Session session)
    {
        if (!IsStunRequest(payload)) return Routes.TryFind(flow, out session) ? null : DropReason.NoRoute;

        session = null!;
        if (!StunPeek.TryReadLocalUfrag(payload, out var ufrag)) return DropReason.MissingAttribute;
        return Routes.TryFind(ufrag, out session) ? null : DropReason.UnknownUsername;
    }

    private void Send(Session session, in Output output)
    {
        var flow = new Flow(output.Source, output.Destination);
        if (!_sockets.TryGetValue(flow.Local, out var socket) || !socket.CanReach(flow.Remote))
        {
            Counters.SendErrors++; // its interface is gone
            return;
        }

        bool answer = flow == _asking && output.Payload is [BindingSuccess >> 8, BindingSuccess & 0xFF, ..];
        session.Routes.Claim(flow, proven: answer); // machines answer a check with success only if its integrity holds
        try
        {
            socket.SendDatagram(output.Payload, flow.Remote);
            Counters.DatagramsOut++;
            Counters.BytesOut += output.Payload.Length;
        }
        catch (SocketException)
        {
            Counters.SendErrors++; // no route, forbidden, buffer full: UDP is allowed to lose, checks find out
        }
    }

    private static bool IsStunRequest(ReadOnlySpan<byte> payload)
        => payload[0] <= 3 && (BinaryPrimitives.ReadUInt16BigEndian(payload) & ClassBits) == 0;
}
