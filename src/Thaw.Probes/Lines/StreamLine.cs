using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Probes.Lines;

/// <summary>TCP, or TLS over it, in which messages say themselves where they end.</summary>
internal sealed class StreamLine : Line
{
    private readonly Socket _socket;
    private readonly Stream _stream;

    private StreamLine(Socket socket, Stream stream, TransportAddress local, TransportAddress server) : base(local, server)
        => (_socket, _stream) = (socket, stream);

    /// <summary>What the server showed, if it came to that.</summary>
    public ServerCertificate? Certificate { get; private init; }

    /// <param name="secured">TLS for this name; null: none.</param>
    /// <param name="connected">Called between TCP and TLS.</param>
    /// <exception cref="SocketException">Not connected.</exception>
    /// <exception cref="CertificateException">Its certificate is not good for the name.</exception>
    /// <exception cref="IOException">TLS: the server broke off.</exception>
    /// <exception cref="AuthenticationException">TLS: no agreement.</exception>
    public static async Task<StreamLine> DialAsync(TransportAddress server, string? secured, X509Certificate2Collection? trusted, Action connected, CancellationToken cancel)
    {
        var socket = new Socket(server.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(new IPEndPoint(server.Address, server.Port), cancel);
            connected();
            stream = new NetworkStream(socket, ownsSocket: false);
            ServerCertificate? shown = null;
            if (secured is not null) (stream, shown) = await SecureAsync(stream, secured, trusted, cancel);
            var local = (IPEndPoint)socket.LocalEndPoint!;
            return new StreamLine(socket, stream, new TransportAddress(local.Address, (ushort)local.Port).Over(TransportProtocol.Tcp), server.Over(TransportProtocol.Tcp)) { Certificate = shown };
        }
        catch
        {
            if (stream is not null) await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel) => await _stream.WriteAsync(message, cancel);

    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        await _stream.ReadExactlyAsync(buffer[..TurnFraming.HeaderLength], cancel);
        if (!TurnFraming.TryMeasure(buffer.Span, out int length) || length > buffer.Length) throw new InvalidDataException("What answers there is no STUN.");
        await _stream.ReadExactlyAsync(buffer[TurnFraming.HeaderLength..length], cancel);
        return length;
    }

    public override void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private static async Task<(Stream Stream, ServerCertificate Shown)> SecureAsync(Stream plain, string name, X509Certificate2Collection? trusted, CancellationToken cancel)
    {
        ServerCertificate? shown = null;
        var tls = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = name,
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck, // revocation would want the network that we are looking for
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    {
                        shown = ServerCertificate.Read(certificate, chain, errors, trusted);
                        return shown is { Fault: null };
                    },
                },
                cancel);
            return (tls, shown!);
        }
        catch (Exception e) when (shown is { Fault: not null } && e is AuthenticationException or IOException)
        {
            await tls.DisposeAsync();
            throw new CertificateException(shown, e);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }
}
