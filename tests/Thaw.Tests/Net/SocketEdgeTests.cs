using System.Net;
using System.Net.Sockets;
using CsCheck;
using Thaw.Net.Udp;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Net;

public sealed class SocketEdgeTests
{
    [Theory]
    [InlineData("192.0.2.7", 7860)]
    [InlineData("255.255.255.255", 65535)]
    [InlineData("::1", 1)]
    [InlineData("2001:db8::12:3456", 40000)]
    public void A_socket_address_reads_as_the_address_and_port_that_the_system_wrote(string address, int port)
        => Assert.Equal(
            new TransportAddress(IPAddress.Parse(address), (ushort)port),
            new IPEndPoint(IPAddress.Parse(address), port).Serialize().Read());

    [Fact]
    public void What_is_written_is_what_the_system_reads() => Gen.Select(Gen.Byte.Array[4], Gen.Byte.Array[16], Gen.UShort).Sample((four, six, port) =>
    {
        foreach (byte[] bytes in (byte[][])[four, six])
        {
            var value = new TransportAddress(new IPAddress(bytes), port);
            if (value.IsIPv4 != (bytes.Length == 4)) continue; // a mapped address is an IPv4 address

            var family = value.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            var written = new SocketAddress(family);
            written.Write(value);

            Assert.Equal(new IPEndPoint(new IPAddress(bytes), port), new IPEndPoint(value.Address, 0).Create(written));
            Assert.Equal(value, written.Read());
        }
    });

    [Fact]
    public void Reading_and_writing_allocate_nothing()
    {
        var value = new TransportAddress(IPAddress.Parse("2001:db8::1"), 5000);
        var address = new SocketAddress(AddressFamily.InterNetworkV6);
        RoundTrip();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) RoundTrip();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void RoundTrip()
        {
            address.Write(value);
            if (address.Read() != value) throw new InvalidOperationException();
        }
    }
}
