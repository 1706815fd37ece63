using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Udp;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>The host of the relay with real sockets, in this process.</summary>
public sealed class RelayHostTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    private static readonly RelayHostOptions Options = new()
    {
        Listen = [IPAddress.Loopback],
        Port = 0,
        TlsPort = 0,
        Loops = 1,
        Server = new TurnServerOptions { Users = [new TurnUser("user", "pass")] },
    };

    public static TheoryData<string> Edges => ["linux", "portable"];

    [Theory, MemberData(nameof(Edges))]
    public void Runs_of_datagrams_keep_their_boundaries_and_their_order(string kind)
    {
        using var edge = Edge(kind);
        var from = edge.TryOpen(new TransportAddress(IPAddress.Loopback, 0), EdgeUse.Relay)!;
        var to = edge.TryOpen(new TransportAddress(IPAddress.Loopback, 0), EdgeUse.Listener)!;
        var other = edge.TryOpen(new TransportAddress(IPAddress.Loopback, 0), EdgeUse.Relay)!;

        // Equal ones, a shorter that ends the run, a longer that begins another, an empty one, and another destination between.
        int[] lengths = [.. Enumerable.Repeat(160, 100), 20, 160, 160, 1200, 1200, 1000, 0, 3000, 3000, 5, 5];
        for (int i = 0; i < lengths.Length; i++)
        {
            byte[] payload = new byte[lengths[i]];
            payload.AsSpan().Fill((byte)i);
            edge.Send(from, to.Local, payload);
            if (i % 40 == 39) edge.Send(from, other.Local, [1]);
        }

        edge.Flush();
        var got = new List<(TransportAddress Source, byte[] Bytes)>();
        int others = 0;
        for (int i = 0; i < 50 && got.Count < lengths.Length; i++)
        {
            edge.Receive(TimeSpan.FromMilliseconds(100), (socket, source, room, length) =>
            {
                if (socket == to) got.Add((source, room.Slice(DatagramRoom.Before, length).ToArray()));
                else others++;
                room[..DatagramRoom.Before].Fill(0xEE); // header and padding, as the loop writes them
                room.Slice(DatagramRoom.Before + length, DatagramRoom.After).Fill(0xEE);
            });
        }

        Assert.Equal(lengths, got.Select(datagram => datagram.Bytes.Length));
        Assert.All(got.Index(), datagram => Assert.All(datagram.Item.Bytes, b => Assert.Equal((byte)datagram.Index, b)));
        Assert.All(got, datagram => Assert.Equal(from.Local, datagram.Source));
        Assert.Equal(2, others);
    }

    [Theory, MemberData(nameof(Edges))]
    public void A_port_that_is_taken_is_refused_and_a_closed_one_is_free_again(string kind)
    {
        using var edge = Edge(kind);
        var socket = edge.TryOpen(new TransportAddress(IPAddress.Loopback, 0), EdgeUse.Relay)!;
        Assert.Null(edge.TryOpen(socket.Local, EdgeUse.Relay));
        Assert.Null(edge.TryOpen(socket.Local, EdgeUse.SharedListener));
        edge.Close(socket);
        Assert.NotNull(edge.TryOpen(socket.Local, EdgeUse.Relay));
        Assert.Null(edge.TryOpen(new TransportAddress(IPAddress.Parse("203.0.113.7"), 0), EdgeUse.Relay));
    }

    [Theory, MemberData(nameof(Edges))]
    public async Task Another_thread_ends_the_wait(string kind)
    {
        using var edge = Edge(kind);
        var waiting = Task.Run(() => edge.Receive(TimeSpan.FromSeconds(60), (_, _, _, _) => { }), TestContext.Current.CancellationToken);
        edge.Wake();
        await waiting.WaitAsync(Enough, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_second_relay_on_the_same_port_says_so()
    {
        await using var host = RelayHost.Start(Options);
        var refused = Assert.Throws<RelayHostException>(() => RelayHost.Start(Options with { Port = host.Port }));
        Assert.Contains($"port {host.Port}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_in_pieces_is_understood_and_one_that_is_not_TURN_is_closed()
    {
        await using var host = RelayHost.Start(Options);
        using var client = await ConnectAsync(host.Port);
        byte[] binding = Binding();
        foreach (byte b in binding) await client.SendAsync(new[] { b }, TestContext.Current.CancellationToken);
        byte[] answer = new byte[64];
        Assert.Equal(32, await client.ReceiveAsync(answer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Enough, TestContext.Current.CancellationToken));

        await client.SendAsync(new byte[] { 0x16, 3, 1, 2, 0, 1 }, TestContext.Current.CancellationToken); // TLS on the wrong port
        Assert.True(await IsClosedAsync(client));
    }

    [Fact]
    public async Task A_stream_without_an_allocation_is_closed_at_its_deadline()
    {
        await using var host = RelayHost.Start(Options with { StreamDeadlines = new StreamDeadlines { Unused = TimeSpan.FromSeconds(1) } });
        using var client = await ConnectAsync(host.Port);
        await client.SendAsync(Binding(), TestContext.Current.CancellationToken);
        Assert.True(await IsClosedAsync(client));
    }

    [Fact]
    public async Task A_stream_too_many_is_closed_whoever_accepted_it()
    {
        await using var host = RelayHost.Start(Options with { MaxStreams = 1 });
        using var first = await ConnectAsync(host.Port);
        await first.SendAsync(Binding(), TestContext.Current.CancellationToken);
        await first.ReceiveAsync(new byte[64], TestContext.Current.CancellationToken).AsTask().WaitAsync(Enough, TestContext.Current.CancellationToken);

        Pipe up = new(), down = new();
        await host.AdoptAsync(new Ends(up.Reader, down.Writer), new(IPAddress.Loopback, 443), new(IPAddress.Loopback, 50_000), isTls: false)
            .WaitAsync(Enough, TestContext.Current.CancellationToken);
        using var second = await ConnectAsync(host.Port);
        Assert.True(await IsClosedAsync(second));
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    [Fact]
    public async Task A_TLS_client_that_says_nothing_is_closed_at_its_deadline()
    {
        using var certificate = Certificate("one");
        await using var host = RelayHost.Start(Options with { Certificate = () => certificate, StreamDeadlines = new StreamDeadlines { Handshake = TimeSpan.FromSeconds(1) } });
        using var client = await ConnectAsync(host.TlsPort!.Value);
        Assert.True(await IsClosedAsync(client));
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_at_the_next_handshake()
    {
        using X509Certificate2 one = Certificate("one"), two = Certificate("two");
        var current = one;
        await using var host = RelayHost.Start(Options with { Certificate = () => current });
        Assert.Equal("CN=one", await SubjectAsync(host));
        current = two;
        Assert.Equal("CN=two", await SubjectAsync(host));
    }

    [Fact]
    public async Task Draining_ends_at_once_where_nobody_is()
    {
        await using var host = RelayHost.Start(Options);
        await host.DrainAsync(TimeSpan.FromSeconds(60)).WaitAsync(Enough, TestContext.Current.CancellationToken);
        Assert.Equal(0, host.AllocationCount);
    }

    private static IDatagramEdge Edge(string kind)
    {
        Assert.SkipUnless(kind is "portable" || LinuxEdge.IsSupported, "the fast sockets need 64-bit Linux");
        return kind is "linux" ? new LinuxEdge(TimeSpan.Zero) : new PortableEdge();
    }

    private static byte[] Binding() => new StunWriter(new byte[64], StunMethod.Binding, StunClass.Request, new TransactionId(1, 2)).Finish().ToArray();

    private static Task<Socket> ConnectAsync(ushort port) => Streams.ConnectAsync(port, Enough);

    private static Task<bool> IsClosedAsync(Socket socket) => Streams.IsClosedAsync(socket, Enough);

    private static async Task<string> SubjectAsync(RelayHost host)
    {
        using var client = await ConnectAsync(host.TlsPort!.Value);
        await using var stream = new NetworkStream(client);
#pragma warning disable CA5359 // Which certificate it is, is the question.
        await using var secure = new SslStream(stream, leaveInnerStreamOpen: true, (_, _, _, _) => true);
#pragma warning restore CA5359
        await secure.AuthenticateAsClientAsync("localhost").WaitAsync(Enough);
        return secure.RemoteCertificate!.Subject;
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
