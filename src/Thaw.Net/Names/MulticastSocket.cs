using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Thaw.Net.Udp;
using Thaw.Protocol;

namespace Thaw.Net.Names;

/// <summary>
/// Port 5353 of one family, shared with every other mDNS program of the machine: browsers answer to the group and not to
/// whoever asked from a port of his own.
/// </summary>
internal sealed class MulticastSocket : Socket
{
    private const int Port = 5353;             // RFC 6762 §3
    private const int TimeToLive = 255;        // RFC 6762 §11
    private static readonly IPAddress GroupIPv4 = IPAddress.Parse("224.0.0.251");
    private static readonly IPAddress GroupIPv6 = IPAddress.Parse("ff02::fb");

    private readonly List<int> _interfaces = [];
    private readonly SocketAddress _from;
    private readonly SocketAddress _to;

    private MulticastSocket(AddressFamily family) : base(family, SocketType.Dgram, ProtocolType.Udp)
    {
        _from = new SocketAddress(family);
        _to = new SocketAddress(family);
    }

    private bool IsIPv4 => AddressFamily is AddressFamily.InterNetwork;

    /// <summary>One socket for each family that any of the interfaces has.</summary>
    public static List<MulticastSocket> OpenAll(IReadOnlyList<MulticastInterface> interfaces)
    {
        var sockets = new List<MulticastSocket>();
        if (TryOpen(AddressFamily.InterNetwork, [.. interfaces.Select(i => i.IPv4)]) is { } four) sockets.Add(four);
        if (TryOpen(AddressFamily.InterNetworkV6, [.. interfaces.Select(i => i.IPv6)]) is { } six) sockets.Add(six);
        return sockets;
    }

    public bool CanReach(TransportAddress group) => group.IsIPv4 == IsIPv4;

    /// <summary>Out on every interface; one that has gone is left out.</summary>
    public void SendToAll(ReadOnlySpan<byte> payload, TransportAddress group)
    {
        _to.Write(group);
        foreach (int index in _interfaces)
        {
            try
            {
                LeaveBy(index);
                SendTo(payload, SocketFlags.None, _to);
            }
            catch (SocketException)
            {
                // As if lost on the link: asked again in a moment.
            }
        }
    }

    /// <returns>False once there is nothing left to read.</returns>
    public bool TryReceive(Span<byte> buffer, out int length, out TransportAddress source)
    {
        (length, source) = (0, default);
        try
        {
            length = ReceiveFrom(buffer, SocketFlags.None, _from);
            source = _from.Read();
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.MessageSize or SocketError.ConnectionReset; // that one was no answer, the next may be
        }
    }

    private static MulticastSocket? TryOpen(AddressFamily family, int[] interfaces)
    {
        if (Array.TrueForAll(interfaces, index => index == 0)) return null;
        var socket = new MulticastSocket(family);
        try
        {
            socket.BindShared();
            socket.Blocking = false;
            socket.SetSocketOption(socket.IsIPv4 ? SocketOptionLevel.IP : SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, TimeToLive);
            foreach (int index in interfaces.Where(index => index != 0)) socket.Join(index);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose(); // someone has the port for himself: names stay unknown
            return null;
        }
    }

    // On Linux bound to the group itself, which keeps out what was sent to this machine from beyond the link.
    private void BindShared()
    {
        if (OperatingSystem.IsLinux())
        {
            const int solSocket = 1;
            const int soReuseAddr = 2; // the runtime's ReuseAddress is SO_REUSEPORT, which others here do not set
            SetRawSocketOption(solSocket, soReuseAddr, [1, 0, 0, 0]);
        }
        else
        {
            SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        }

        if (!IsIPv4) DualMode = false;
        Bind(new IPEndPoint(!IsIPv4 ? IPAddress.IPv6Any : OperatingSystem.IsLinux() ? GroupIPv4 : IPAddress.Any, Port));
    }

    private void Join(int index)
    {
        try
        {
            if (IsIPv4) SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(GroupIPv4, index));
            else SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(GroupIPv6, index));
            _interfaces.Add(index);
        }
        catch (SocketException)
        {
            // This interface takes no multicast: the others do.
        }
    }

    private void LeaveBy(int index)
    {
        if (IsIPv4) SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, BinaryPrimitives.ReverseEndianness(index));
        else SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
    }
}
