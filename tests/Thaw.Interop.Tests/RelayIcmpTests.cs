using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Udp;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>The DF bit and ICMP on Linux's sockets, in a network of this thread's own.</summary>
public sealed partial class RelayIcmpTests
{
    private const int NewNetwork = 0x40000000; // CLONE_NEWNET
    private const int Mtu = 1400;

    private sealed record Heard(TransportAddress Peer, byte Type, byte Code, uint Data);

    [Fact]
    public void A_datagram_that_must_stay_whole_is_not_cut_up_and_the_MTU_is_told()
        => InNetwork((from, to, edge, heard) =>
        {
            // Runs of both kinds, and a change between them: what may be cut up arrives, and in order.
            int[] lengths = [2000, 500, 500, 500, 2001, 700, 700, 2002];
            foreach (int length in lengths) edge.Send(from, to.Local, new byte[length]);
            for (int i = 0; i < 3; i++) edge.Send(from, to.Local, new byte[2100 + i], dontFragment: true);
            for (int i = 0; i < 3; i++) edge.Send(from, to.Local, new byte[900], dontFragment: true);
            edge.Send(from, to.Local, new byte[2003]);
            edge.Flush();

            Assert.Equal([.. lengths, 900, 900, 900, 2003], Arrived(edge, to, lengths.Length + 4));
            Assert.Equal(3, edge.Lost);
            Assert.All(heard, error => Assert.Equal(new Heard(to.Local, 3, 4, Mtu), error));
            Assert.NotEmpty(heard);
        });

    [Fact]
    public void A_closed_port_is_told_and_costs_no_datagram_to_another_peer()
        => InNetwork((from, to, edge, heard) =>
        {
            var closed = new TransportAddress(IPAddress.Loopback, 9);
            for (int i = 0; i < 20; i++)
            {
                edge.Send(from, closed, [1]);
                edge.Flush();
                edge.Send(from, to.Local, new byte[100 + i]); // the system fails this call for the one before
                edge.Flush();
            }

            Assert.Equal(Enumerable.Range(100, 20), Arrived(edge, to, 20));
            Assert.Equal(0, edge.Lost);
            Assert.NotEmpty(heard);
            Assert.All(heard, error => Assert.Equal(new Heard(closed, 3, 3, 0), error));
        });

    [Fact]
    public async Task A_client_hears_of_a_closed_port()
    {
        Assert.SkipUnless(LinuxEdge.IsSupported, "error queues are Linux's");
        await using var host = RelayHost.Start(new RelayHostOptions
        {
            Listen = [IPAddress.Loopback],
            Port = 0,
            Loops = 1,
            ReportsIcmp = true,
            Server = new TurnServerOptions { Users = [new TurnUser("user", "pass")], Policy = PeerPolicy.Public.With([AddressPrefix.Parse("127.0.0.0/8")], []) },
        });
        var closed = TransportAddress.FromIPv4([127, 0, 0, 1], 9);
        using var client = await RawTurn.ConnectAsync(host.Port, ProtocolType.Udp);
        Assert.True(RawTurn.Succeeded(await client.AllocateAsync(17)));
        Assert.True(RawTurn.Succeeded(await client.BindChannelAsync(0x4000, closed)));
        await client.SendOnChannelAsync(0x4000, [1, 2, 3, 4]);

        byte[] told = await client.ReadAsync();
        Assert.Equal((StunMethod.Data, StunClass.Indication), (RawTurn.Read(told).Method, RawTurn.Read(told).Class));
        Assert.Equal([0, 0, 3 << 1, 3, 0, 0, 0, 0], RawTurn.Value(told, StunAttributeType.Icmp));
    }

    private static int[] Arrived(LinuxEdge edge, EdgeSocket to, int count)
    {
        var lengths = new List<int>();
        for (int i = 0; i < 30 && lengths.Count < count; i++)
            edge.Receive(TimeSpan.FromMilliseconds(100), (socket, _, _, length) => { if (socket == to) lengths.Add(length); });
        return [.. lengths];
    }

    // A thread may have a network of its own, and so may the processes that it starts.
    private static void InNetwork(Action<EdgeSocket, EdgeSocket, LinuxEdge, List<Heard>> test)
    {
        Assert.SkipUnless(LinuxEdge.IsSupported && Environment.IsPrivilegedProcess, "a network of one's own needs root on Linux");
        Exception? failure = null;
        bool isRefused = false;
        var thread = new Thread(() =>
        {
            try
            {
                isRefused = Unshare(NewNetwork) != 0;
                if (isRefused) return;
                using (var ip = Process.Start("ip", ["link", "set", "lo", "up", "mtu", $"{Mtu}"])) ip.WaitForExit();

                var heard = new List<Heard>();
                using var edge = new LinuxEdge(TimeSpan.Zero, (_, peer, type, code, data) => heard.Add(new Heard(peer, type, code, data)));
                var from = edge.TryOpen(new TransportAddress(IPAddress.Loopback, 0), EdgeUse.Relay)!;
                var to = edge.TryOpen(new TransportAddress(IPAddress.Loopback, 0), EdgeUse.Listener)!;
                test(from, to, edge, heard);
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.SkipWhen(isRefused, "this system gives no network of one's own");
        if (failure is not null) throw new InvalidOperationException(failure.Message, failure);
    }

    [LibraryImport("libc", EntryPoint = "unshare")]
    private static partial int Unshare(int flags);
}
