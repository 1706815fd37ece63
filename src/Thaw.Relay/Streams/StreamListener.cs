using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Loop;
using Thaw.Relay.Udp;

namespace Thaw.Relay.Streams;

/// <summary>Accepts TCP, and TLS where there is a certificate, on one address; deals the clients out to the loops.</summary>
internal sealed class StreamListener : IDisposable
{
    private readonly Socket _socket;
    private readonly RelayLoop[] _loops;
    private readonly SemaphoreSlim _room;
    private readonly CertificateSource? _certificate;
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;
    private volatile bool _stopped;
    private int _open;
    private int _next;

    /// <param name="room">One place for each stream that may be open.</param>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public StreamListener(IPEndPoint address, RelayLoop[] loops, SemaphoreSlim room, CertificateSource? certificate)
    {
        (_loops, _room, _certificate) = (loops, room, certificate);
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily is AddressFamily.InterNetworkV6) _socket.DualMode = false;
            if (!OperatingSystem.IsWindows()) _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true); // else a restart waits for TIME_WAIT
            _socket.Bind(address);
            _socket.Listen(512);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        Local = (IPEndPoint)_socket.LocalEndPoint!;
    }

    public IPEndPoint Local { get; }

    /// <summary>For tests, which have an accept that fails.</summary>
    public Func<Socket, CancellationToken, ValueTask<Socket>> Accept { get; init; } = static (socket, cancel) => socket.AcceptAsync(cancel);

    public bool IsSecure => _certificate is not null;

    /// <summary>Streams that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    public long Accepted { get; private set; }

    /// <summary>Closed at once, as there was no place left.</summary>
    public long Refused { get; private set; }

    public long AcceptErrors { get; private set; }

    /// <summary>It accepts nobody any more, and nobody has asked it to stop.</summary>
    public bool IsDead => _accepting.IsCompleted && !_stopped;

    public void Start() => _accepting = AcceptAsync();

    public void Dispose()
    {
        _stopped = true;
        _stop.Cancel();
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var accepted = await Accept(_socket, stop);
                Accepted++;
                if (!Files.AreScarce(accepted.Handle) && _room.Wait(0, CancellationToken.None))
                {
                    _ = ServeAsync(accepted, _loops[_next++ % _loops.Length], stop);
                    continue;
                }

                Refused++;
                accepted.Dispose();
            }
            catch (SocketException)
            {
                // It was gone before we had it; or no file is left, until one is closed.
                AcceptErrors++;
                await Task.Delay(10, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, RelayLoop loop, CancellationToken stop)
    {
        Interlocked.Increment(ref _open);
        try
        {
            await using var plain = new NetworkStream(socket, ownsSocket: true);
            socket.NoDelay = true;
            var fiveTuple = new FiveTuple(Address(socket.RemoteEndPoint!), Address(socket.LocalEndPoint!));
            await using var stream = _certificate is null ? plain : await SecureAsync(plain, loop.StreamDeadlines.Handshake, stop);
            if (await FirstMessage.ReadAsync(stream, loop.StreamDeadlines.FirstMessage, stop) is not { } first || !Alpn.Allows(stream, first.IsHttp)) return;
            if (first.IsHttp)
            {
                await HttpPage.AnswerAsync(stream, first.Bytes, loop.StreamDeadlines.FirstMessage, stop);
                return;
            }

            using var client = new StreamClient(stream, fiveTuple, loop, isTls: _certificate is not null, first.Bytes);
            await client.RunAsync(stop);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            // Scanners and lost connections: nobody's fault, nothing held.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            _room.Release();
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream plain, TimeSpan limit, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(limit);
        var secure = new SslStream(plain);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _certificate!.ForTls(),
            ApplicationProtocols = Alpn.OverStreams,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996
            ClientCertificateRequired = false,
        };
        await secure.AuthenticateAsServerAsync(options, deadline.Token);
        return secure;
    }

    private static TransportAddress Address(EndPoint end)
        => new TransportAddress(((IPEndPoint)end).Address, (ushort)((IPEndPoint)end).Port).Over(TransportProtocol.Tcp);
}
