using System.Net.Sockets;
using Thaw.Net.Udp;
using Thaw.Protocol;

namespace Thaw.Net.Loop;

internal sealed partial class Shard
{
    private const ushort BindingSuccess = 0x0101; // RFC 8489 §18.1

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
        if (Routes.Find(flow, payload, out var session) is { } reason)
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

    private void Send(Session session, in Output output)
    {
        var flow = new Flow(output.Source, output.Destination);
        bool answer = flow == _asking && output.Payload is [BindingSuccess >> 8, BindingSuccess & 0xFF, ..];
        if (flow.Local.Protocol is TransportProtocol.Tcp)
        {
            SendOnStream(session, flow, output.Payload, answer);
            return;
        }

        if (!_sockets.TryGetValue(flow.Local, out var socket) || !socket.CanReach(flow.Remote))
        {
            Counters.SendErrors++; // its interface is gone
            return;
        }

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

    // A full queue drops, as a full socket buffer does: the loop waits for nobody's window.
    private void SendOnStream(Session session, in Flow flow, ReadOnlySpan<byte> payload, bool proven)
    {
        if (!Routes.Streams.TryFind(flow, out var stream))
        {
            Counters.SendErrors++; // it has closed, or never was: we do not dial
            return;
        }

        session.Routes.Claim(flow, proven);
        if (proven) stream.Prove();
        stream.TrySend(payload);
    }
}
