using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Udp;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Mobility (RFC 8016) where the system may give a client that moved to another loop than the one that has its allocation.</summary>
public sealed class RelayMobilityTests
{
    private const byte Udp = 17;

    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(ProtocolType.Udp)]
    [InlineData(ProtocolType.Tcp)]
    public async Task A_client_is_heard_wherever_it_goes(ProtocolType protocol)
    {
        Assert.SkipUnless(LinuxEdge.IsSupported, "several loops need 64-bit Linux");
        await using var host = RelayHost.Start(new RelayHostOptions
        {
            Listen = [IPAddress.Loopback],
            Port = 0,
            Loops = 4,
            Server = new TurnServerOptions
            {
                Users = [new TurnUser("user", "pass")],
                IsMobile = true,
                Policy = PeerPolicy.Public.With([AddressPrefix.Parse("127.0.0.0/8")], []),
            },
        });
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var peerAddress = TransportAddress.FromIPv4([127, 0, 0, 1], (ushort)((IPEndPoint)peer.LocalEndPoint!).Port);

        var at = await RawTurn.ConnectAsync(host.Port, protocol);
        byte[] answer = await at.AllocateAsync(Udp, (ref StunWriter writer) => writer.Add(StunAttributeType.MobilityTicket));
        var relayed = RawTurn.Relayed(answer);
        byte[] ticket = RawTurn.Value(answer, StunAttributeType.MobilityTicket);
        Assert.True(RawTurn.Succeeded(await at.BindChannelAsync(0x4000, peerAddress)));

        for (byte i = 0; i < 16; i++)
        {
            var next = await RawTurn.ConnectAsync(host.Port, protocol);
            answer = await next.AskAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(StunAttributeType.MobilityTicket, ticket));
            Assert.True(RawTurn.Succeeded(answer), $"move {i}: {RawTurn.Code(answer)}");
            ticket = RawTurn.Value(answer, StunAttributeType.MobilityTicket);

            await next.SendOnChannelAsync(0x4000, [i, 0, 0, 0]);
            byte[] room = new byte[100];
            var got = await peer.ReceiveFromAsync(room, relayed).WaitAsync(Enough, TestContext.Current.CancellationToken);
            Assert.Equal((4, i, relayed), (got.ReceivedBytes, room[0], (IPEndPoint)got.RemoteEndPoint));
            await peer.SendToAsync(new byte[] { i, 1, 1, 1 }, relayed).WaitAsync(Enough, TestContext.Current.CancellationToken);
            Assert.Equal([0x40, 0, 0, 4, i, 1, 1, 1], await next.ReadAsync());
            at.Dispose();
            at = next;
        }

        Assert.Equal(1, host.Counters.Sum(counters => counters.AllocationsMade));
        answer = await at.AskAsync(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(StunAttributeType.Lifetime, 0u));
        Assert.True(RawTurn.Succeeded(answer));

        // From the same place it may begin anew, wherever that is.
        Assert.True(RawTurn.Succeeded(await at.AllocateAsync(Udp)));
        at.Dispose();
    }
}
