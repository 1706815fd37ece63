using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Thaw.Net.Loop;
using Thaw.Net.Tcp;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.Net.Gathering;

/// <summary>Connections to TURN servers over TCP and TLS, dialled off the loops and carried like any other stream.</summary>
/// <param name="trusted">Certificates to trust besides the system's.</param>
internal sealed class ServerDialler(OpenStreams streams, RouteTable routes, StreamCounters counters, Clock clock, X509Certificate2Collection? trusted)
{
    public static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan LongestHandshake = TimeSpan.FromSeconds(3); // TLS

    private readonly ConcurrentDictionary<int, Dial> _dials = new();

    /// <summary>On the gatherer's loop, as it asks for the connection: from here on <see cref="Hang"/> finds it.</summary>
    public void Begin(GatheringEvent.ConnectionWanted wanted, Session session)
    {
        var dial = new Dial();
        _dials[wanted.Id] = dial;
        _ = RunAsync(wanted, session, dial);
    }

    /// <summary>Stops dialling, or closes the connection behind what was sent on it.</summary>
    public void Hang(int id)
    {
        if (!_dials.TryGetValue(id, out var dial)) return;
        dial.Stop.Cancel();
        dial.Stream?.Complete(StreamEnd.SessionEnded);
    }

    private async Task RunAsync(GatheringEvent.ConnectionWanted wanted, Session session, Dial dial)
    {
        string why = "stopped";
        try
        {
            why = await CarryAsync(wanted, session, dial);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            why = Describe(e);
        }
        finally
        {
            _dials.TryRemove(wanted.Id, out _);
            dial.Stop.Dispose();
            await TellAsync(session, (gatherer, now) => gatherer.Disconnected(wanted.Id, why, now));
        }
    }

    private async Task<string> CarryAsync(GatheringEvent.ConnectionWanted wanted, Session session, Dial dial)
    {
        using var socket = new Socket(wanted.Server.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (await WithinAsync(LongestConnect, dial, cancel => socket.ConnectAsync(new IPEndPoint(wanted.Server.Address, wanted.Server.Port), cancel).AsTask()) is { } late) return late;

        await using var network = new NetworkStream(socket, ownsSocket: false);
        await using var tls = wanted.Tls ? new SslStream(network, leaveInnerStreamOpen: true) : null;
        if (tls is not null && await WithinAsync(LongestHandshake, dial, cancel => tls.AuthenticateAsClientAsync(OptionsFor(wanted.ServerName), cancel)) is { } slow)
            return $"TLS: {slow}";

        var flow = new Flow(TcpListeners.FlowOf((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.LocalEndPoint!).Local, wanted.Server.Over(TransportProtocol.Tcp));
        var stream = new FramedStream(flow, Framing.SelfDelimited, new StreamPipes((Stream?)tls ?? network), Receive, clock, counters) { IsDialled = true };
        if (!streams.TryAdd(stream)) return "that connection is there already";
        dial.Stream = stream;
        try
        {
            var running = stream.RunAsync();
            await TellAsync(session, (gatherer, now) => gatherer.Connected(wanted.Id, flow.Local, now));
            if (dial.Stop.IsCancellationRequested) stream.Complete(StreamEnd.SessionEnded);
            var end = await running;
            counters.CountEnd(end);
            return end is StreamEnd.PeerClosed ? "the server closed the connection" : $"the connection ended: {end}";
        }
        finally
        {
            streams.Remove(stream);
            routes.Forget(flow);
        }

        StreamEnd? Receive(FramedStream from, ReadOnlySpan<byte> message)
        {
            if (!session.TryForward(from.Flow, message)) counters.Drop(DropReason.QueueFull);
            return null;
        }
    }

    // Null if it was done in time.
    private async Task<string?> WithinAsync(TimeSpan limit, Dial dial, Func<CancellationToken, Task> work)
    {
        using var deadline = new CancellationTokenSource(limit, clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, dial.Stop.Token);
        try
        {
            await work(either.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return deadline.IsCancellationRequested ? $"no answer within {limit.TotalSeconds:0} s" : "stopped";
        }
    }

    private SslClientAuthenticationOptions OptionsFor(string name) => new()
    {
        TargetHost = name,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck, // revocation would want the network that we are looking for
        RemoteCertificateValidationCallback = IsTrusted,
    };

    // The name must fit whoever vouches for it.
    private bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
        => errors == SslPolicyErrors.None
            || (errors == SslPolicyErrors.RemoteCertificateChainErrors && certificate is X509Certificate2 server && OwnAuthorities.VouchFor(server, chain, trusted));

    private static async Task TellAsync(Session session, Action<Gatherer, Instant> action)
    {
        try
        {
            await session.PostAsync(now => { action(((HostedGatherer)session.Peer).Gatherer, now); return 0; }, CancellationToken.None);
        }
        catch (PeerHostException)
        {
            // The host has stopped.
        }
    }

    // No address in it: it may be logged.
    private static string Describe(Exception e) => e switch
    {
        SocketException socket => $"not connected: {socket.SocketErrorCode}",
        AuthenticationException => "TLS: the certificate is not trusted, or names another host",
        _ => "TLS: the server broke off",
    };

    private sealed class Dial
    {
        private volatile FramedStream? _stream;

        public CancellationTokenSource Stop { get; } = new();

        public FramedStream? Stream { get => _stream; set => _stream = value; }
    }
}
