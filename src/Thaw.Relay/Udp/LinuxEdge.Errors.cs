using Thaw.Protocol;

namespace Thaw.Relay.Udp;

/// <summary>
/// The DF bit, and ICMP. With IP_RECVERR the system keeps what a socket's datagrams drew in a queue of its own, and fails
/// the next call on the socket once: sending then repeats itself.
/// </summary>
internal sealed unsafe partial class LinuxEdge
{
    private const int ErrorBatch = 8;
    private const int ControlBytes = 128;
    private const byte OriginLocal = 1, OriginIcmp = 2, OriginIcmpV6 = 3; // SO_EE_ORIGIN_*
    private const byte Unreachable = 3, FragmentationNeeded = 4, TooBigV6 = 2;

    private readonly IcmpArrival? _icmp;
    private TransportAddress _tooBigFor; // the last that our own system refused: it tells the address, and not the port
    private byte* _errorNames;
    private byte* _errorControls;
    private Libc.MMsgHdr* _errors;

    private static void SetDontFragment(EdgeSocket socket, bool value)
    {
        bool isIPv4 = socket.Local.IsIPv4;
        Libc.Set(socket.Handle, isIPv4 ? Libc.IpProtoIP : Libc.IpProtoIPv6, isIPv4 ? Libc.IpMtuDiscover : Libc.IPv6MtuDiscover,
            value ? Libc.PathMtuDo : Libc.PathMtuWant);
        socket.SetsDontFragment = value;
    }

    private static void HearErrors(int file, bool isIPv4)
        => Libc.Set(file, isIPv4 ? Libc.IpProtoIP : Libc.IpProtoIPv6, isIPv4 ? Libc.IpRecvErr : Libc.IPv6RecvErr, 1);

    // What does not fit one batch makes the socket ready again.
    private void ReceiveErrors(EdgeSocket socket)
    {
        for (int i = 0; i < ErrorBatch; i++)
        {
            _errors[i].Header = new Libc.MsgHdr
            {
                Name = _errorNames + i * NameLength,
                NameLength = NameLength,
                Control = _errorControls + i * ControlBytes,
                ControlLength = ControlBytes,
            };
        }

        int count = Libc.RecvMMsg(socket.Handle, _errors, ErrorBatch, Libc.MsgDontWait | Libc.MsgErrQueue, 0);
        for (int i = 0; i < count; i++)
        {
            ref var header = ref _errors[i].Header;
            var error = Find(ref header);
            if (header.NameLength != 0 && error != null) Tell(socket, header.Name, *error);
        }
    }

    private static Libc.ExtendedError* Find(ref Libc.MsgHdr header)
    {
        byte* end = header.Control + header.ControlLength;
        for (byte* at = header.Control; at + sizeof(Libc.ControlHeader) + sizeof(Libc.ExtendedError) <= end;)
        {
            var control = (Libc.ControlHeader*)at;
            bool isError = (control->Level == Libc.IpProtoIP && control->Type == Libc.IpRecvErr)
                || (control->Level == Libc.IpProtoIPv6 && control->Type == Libc.IPv6RecvErr);
            if (isError) return (Libc.ExtendedError*)(at + sizeof(Libc.ControlHeader));
            if (control->Length < (nuint)sizeof(Libc.ControlHeader)) return null;
            at += (control->Length + 7) & ~(nuint)7;
        }

        return null;
    }

    private void Tell(EdgeSocket socket, byte* name, in Libc.ExtendedError error)
    {
        var peer = ReadName(name);
        bool isTooBig = error.Error == Libc.Emsgsize;
        if (error.Origin is OriginIcmp or OriginIcmpV6) _icmp!(socket, peer, error.Type, error.Code, isTooBig ? error.Info : 0);
        else if (error.Origin == OriginLocal && isTooBig) // our own first hop, or a path that is known already
            _icmp!(socket, peer.SameAddress(_tooBigFor) ? _tooBigFor : peer, peer.IsIPv4 ? Unreachable : TooBigV6, peer.IsIPv4 ? FragmentationNeeded : (byte)0, error.Info);
    }

    private void TakeErrorMemory()
    {
        _errorNames = Take<byte>(ErrorBatch * NameLength);
        _errorControls = Take<byte>(ErrorBatch * ControlBytes);
        _errors = Take<Libc.MMsgHdr>(ErrorBatch);
    }
}
