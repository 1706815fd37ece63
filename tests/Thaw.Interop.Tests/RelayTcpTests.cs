using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>TCP relays (RFC 6062) with real sockets, in this process.</summary>
public sealed class RelayTcpTests
{
    private const byte Tcp = 6;

    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    private static readonly RelayHostOptions Options = new()
    {
        Listen = [IPAddress.Loopback],
        Port = 0,
        Loops = OperatingSystem.IsLinux() ? 2 : 1,
        Server = new TurnServerOptions
        {
            Users = [new TurnUser("user", "pass")],
            RelaysTcp = true,
            Policy = PeerPolicy.Public.With([AddressPrefix.Parse("127.0.0.0/8")], []),
        },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Bytes_cross_both_ways_and_the_end_of_either_side_ends_the_other(bool clientEnds)
    {
        await using var host = RelayHost.Start(Options);
        using var listener = Listen();
        using var control = await AllocateAsync(host);
        for (int round = 0; round < 4; round++) // they are dealt out to both loops
        {
            var (data, peer) = await JoinAsync(host, control, listener, (byte)(1 + round));
            using (data)
            using (peer)
            {
                byte[] there = RandomNumberGenerator.GetBytes(300_000), back = RandomNumberGenerator.GetBytes(300_000);
                var sending = Task.WhenAll(SendAsync(data.Socket, there), SendAsync(peer, back));
                Assert.Equal(there, await ReadAsync(peer, there.Length));
                Assert.Equal(back, await ReadAsync(data.Socket, back.Length));
                await sending.WaitAsync(Enough, TestContext.Current.CancellationToken);

                var (ends, other) = clientEnds ? (data.Socket, peer) : (peer, data.Socket);
                await SendAsync(ends, "bye"u8.ToArray());
                ends.Close();
                Assert.Equal("bye"u8.ToArray(), await ReadAsync(other, 3));
                Assert.True(await IsClosedAsync(other));
            }
        }
    }

    [Fact]
    public async Task What_one_half_says_last_arrives_and_its_answer_comes_back()
    {
        await using var host = RelayHost.Start(Options);
        using var listener = Listen();
        using var control = await AllocateAsync(host);
        var (data, peer) = await JoinAsync(host, control, listener);
        await SendAsync(data.Socket, "question"u8.ToArray());
        data.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("question"u8.ToArray(), await ReadAsync(peer, 8));
        Assert.Equal(0, await peer.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Enough, TestContext.Current.CancellationToken));
        await SendAsync(peer, "answer"u8.ToArray());
        Assert.Equal("answer"u8.ToArray(), await ReadAsync(data.Socket, 6));
        data.Dispose();
        peer.Dispose();
    }

    [Fact]
    public async Task A_half_that_goes_on_after_the_other_has_ended_is_closed_at_its_deadline()
    {
        await using var host = RelayHost.Start(Options with { StreamDeadlines = new StreamDeadlines { Farewell = TimeSpan.FromSeconds(1) } });
        using var listener = Listen();
        using var control = await AllocateAsync(host);
        var (data, peer) = await JoinAsync(host, control, listener);
        peer.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await data.Socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Enough, TestContext.Current.CancellationToken));
        Assert.True(await IsClosedAsync(peer)); // though the client never closes
        data.Dispose();
        peer.Dispose();
    }

    [Fact]
    public async Task Who_does_not_read_slows_down_who_writes_and_nothing_is_lost_or_kept()
    {
        await using var host = RelayHost.Start(Options);
        using var listener = Listen();
        using var control = await AllocateAsync(host);
        var (data, peer) = await JoinAsync(host, control, listener);
        byte[] chunk = RandomNumberGenerator.GetBytes(1 << 20);
        int taken = 0;
        using var blocked = new CancellationTokenSource();
        while (taken < 200 << 20)
        {
            blocked.CancelAfter(TimeSpan.FromSeconds(2));
            try
            {
                taken += await data.Socket.SendAsync(chunk.AsMemory(taken % chunk.Length), SocketFlags.None, blocked.Token);
            }
            catch (OperationCanceledException)
            {
                break; // the system's buffers are full, and so is ours
            }
        }

        Assert.InRange(taken, 1, 64 << 20);
        byte[] got = await ReadAsync(peer, taken);
        for (int at = 0; at < taken; at += chunk.Length)
            Assert.True(got.AsSpan(at, Math.Min(chunk.Length, taken - at)).SequenceEqual(chunk.AsSpan(0, Math.Min(chunk.Length, taken - at))));
        data.Dispose();
        peer.Dispose();
    }

    [Fact]
    public async Task A_peer_that_never_reads_is_given_up_at_the_write_deadline()
    {
        await using var host = RelayHost.Start(Options with { StreamDeadlines = new StreamDeadlines { Write = TimeSpan.FromSeconds(1) } });
        using var listener = Listen();
        using var control = await AllocateAsync(host);
        var (data, peer) = await JoinAsync(host, control, listener);
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true) await data.Socket.SendAsync(new byte[1 << 20], TestContext.Current.CancellationToken).AsTask().WaitAsync(Enough, TestContext.Current.CancellationToken);
        });
        data.Dispose();
        peer.Dispose();
    }

    [Fact]
    public async Task A_peer_that_may_connects_and_what_it_said_before_is_not_lost()
    {
        await using var host = RelayHost.Start(Options);
        using var control = await RawTurn.ConnectAsync(host.Port);
        var relayed = RawTurn.Relayed(await control.AllocateAsync(Tcp));
        using (var stranger = await ConnectAsync(relayed)) Assert.True(await IsClosedAsync(stranger));

        Assert.True(RawTurn.Succeeded(await control.AskAsync(StunMethod.CreatePermission, At(127, 0, 0, 1, port: 1))));
        using var peer = await ConnectAsync(relayed);
        await SendAsync(peer, "early"u8.ToArray());
        byte[] attempt = await control.ReadAsync();
        Assert.Equal(StunMethod.ConnectionAttempt, RawTurn.Read(attempt).Method);

        using var data = await RawTurn.ConnectAsync(host.Port);
        Assert.True(RawTurn.Succeeded(await data.BindConnectionAsync(RawTurn.ConnectionId(attempt))));
        Assert.Equal("early"u8.ToArray(), await ReadAsync(data.Socket, 5));
        await SendAsync(data.Socket, "late"u8.ToArray());
        Assert.Equal("late"u8.ToArray(), await ReadAsync(peer, 4));
    }

    [Fact]
    public async Task No_connection_survives_its_allocation()
    {
        await using var host = RelayHost.Start(Options);
        using var listener = Listen();
        using var control = await AllocateAsync(host);
        var (data, peer) = await JoinAsync(host, control, listener);
        byte[] unbound = await control.AskAsync(StunMethod.Connect, At(listener, address: 2));
        Assert.True(RawTurn.Succeeded(unbound));
        using var waiting = await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Enough, TestContext.Current.CancellationToken);
        control.Dispose();

        Assert.True(await IsClosedAsync(data.Socket));
        Assert.True(await IsClosedAsync(peer));
        Assert.True(await IsClosedAsync(waiting));
        Assert.Equal(0, host.AllocationCount);
        data.Dispose();
        peer.Dispose();
    }

    [Fact]
    public async Task A_peer_that_does_not_take_the_connection_is_447()
    {
        await using var host = RelayHost.Start(Options);
        using var control = await AllocateAsync(host);
        Assert.Equal(447, RawTurn.Code(await control.AskAsync(StunMethod.Connect, At(127, 0, 0, 1, port: 1))));
        Assert.Equal(403, RawTurn.Code(await control.AskAsync(StunMethod.Connect, At(10, 0, 0, 1, port: 80))));
    }

    [Fact]
    public async Task Without_leave_there_is_no_TCP_relay()
    {
        await using var host = RelayHost.Start(Options with { Server = Options.Server with { RelaysTcp = false } });
        using var control = await RawTurn.ConnectAsync(host.Port);
        Assert.Equal(442, RawTurn.Code(await control.AllocateAsync(Tcp)));
    }

    private static async Task<RawTurn> AllocateAsync(RelayHost host)
    {
        var control = await RawTurn.ConnectAsync(host.Port);
        Assert.True(RawTurn.Succeeded(await control.AllocateAsync(Tcp)));
        return control;
    }

    private static async Task<(RawTurn Data, Socket Peer)> JoinAsync(RelayHost host, RawTurn control, Socket listener, byte address = 1)
    {
        byte[] answer = await control.AskAsync(StunMethod.Connect, At(listener, address));
        uint id = RawTurn.ConnectionId(answer);
        var peer = await listener.AcceptAsync().WaitAsync(Enough);
        var data = await RawTurn.ConnectAsync(host.Port);
        answer = await data.BindConnectionAsync(id);
        Assert.True(RawTurn.Succeeded(answer), $"bind: {RawTurn.Code(answer)}");
        return (data, peer);
    }

    // At every loopback address, so that one listener is several peers.
    private static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        socket.Listen();
        return socket;
    }

    private static TransportAddress At(Socket listener, byte address) => At(127, 0, 0, address, (ushort)((IPEndPoint)listener.LocalEndPoint!).Port);

    private static TransportAddress At(byte a, byte b, byte c, byte d, ushort port) => TransportAddress.FromIPv4([a, b, c, d], port);

    private static async Task<Socket> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to).WaitAsync(Enough);
        return socket;
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes.AsMemory(sent)).AsTask().WaitAsync(Enough);
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int length)
    {
        byte[] got = new byte[length];
        for (int filled = 0; filled < length;)
        {
            int read = await socket.ReceiveAsync(got.AsMemory(filled)).AsTask().WaitAsync(Enough);
            if (read == 0) throw new EndOfStreamException($"after {filled} of {length}");
            filled += read;
        }

        return got;
    }

    private static Task<bool> IsClosedAsync(Socket socket) => Streams.IsClosedAsync(socket, Enough);
}
