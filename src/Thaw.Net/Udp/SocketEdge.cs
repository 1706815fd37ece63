using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;

namespace Thaw.Net.Udp;

/// <summary>
/// <see cref="TransportAddress"/> to and from the bytes of a sockaddr. Port and address sit at the same offsets on Linux,
/// Windows, macOS and BSD; only the family before them differs, and that we never touch.
/// </summary>
internal static class SocketEdge
{
    private const int Port = 2;
    private const int IPv4 = 4;
    private const int IPv6 = 8; // after sin6_flowinfo

    extension(SocketAddress address)
    {
        public TransportAddress Read()
        {
            var bytes = address.Buffer.Span;
            ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[Port..]);
            return address.Family is AddressFamily.InterNetwork
                ? TransportAddress.FromIPv4(bytes.Slice(IPv4, 4), port)
                : TransportAddress.FromIPv6(bytes.Slice(IPv6, 16), port);
        }

        /// <summary>The families must agree.</summary>
        public void Write(TransportAddress value)
        {
            var bytes = address.Buffer.Span;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[Port..], value.Port);
            value.WriteAddress(bytes[(value.IsIPv4 ? IPv4 : IPv6)..]);
        }
    }
}
