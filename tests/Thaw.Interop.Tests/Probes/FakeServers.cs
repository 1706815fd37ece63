using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Interop.Tests.Probes;

/// <summary>A certificate that vouches for itself, with its key, in one file.</summary>
internal sealed class TlsFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("thaw-probe-");

    public TlsFiles(string name, int endedDaysAgo = -60)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address)) names.AddIpAddress(address);
        else names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-90), DateTimeOffset.UtcNow.AddDays(-endedDaysAgo));
        Pem = Path.Combine(_folder.FullName, "both.pem");
        File.WriteAllText(Pem, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        Trusted = [X509CertificateLoader.LoadCertificate(certificate.RawData)];
    }

    public string Pem { get; }

    public X509Certificate2Collection Trusted { get; }

    public void Dispose() => _folder.Delete(recursive: true);
}

/// <summary>Answers STUN requests over UDP as it is told to.</summary>
internal sealed class FakeStun : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Answer _answer;

    public FakeStun(Answer answer)
    {
        _answer = answer;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _ = RunAsync();
    }

    public delegate int Answer(StunReader request, Span<byte> answer);

    public EndPoint Address => _socket.LocalEndPoint!;

    public void Dispose() => _socket.Dispose();

    private async Task RunAsync()
    {
        byte[] buffer = new byte[2048], answer = new byte[2048];
        try
        {
            while (true)
            {
                var got = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                int length = StunReader.TryRead(buffer.AsSpan(0, got.ReceivedBytes), out var request) is null ? _answer(request, answer) : 0;
                if (length > 0) await _socket.SendToAsync(answer.AsMemory(0, length), got.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}

/// <summary>Our own TURN server with its relayed ports unplugged: it allocates and permits, and what is relayed goes nowhere.</summary>
internal sealed class MuteRelay : IDisposable, IRelayPorts
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TurnServer _server;
    private readonly Thaw.Net.Clock _clock = new(TimeProvider.System);

    public MuteRelay()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var options = new TurnServerOptions
        {
            Realm = "mute",
            Users = [new TurnUser("user", "pass")],
            RelayAddresses = [new RelayAddress(new TransportAddress(IPAddress.Loopback, 0))],
            Policy = PeerPolicy.Lan.With([new AddressPrefix(new TransportAddress(IPAddress.Parse("127.0.0.1"), 0))], []),
        };
        _server = new TurnServer(options, this, RandomNumberGenerator.Create(), DateTimeOffset.UtcNow, _clock.Now);
        _ = RunAsync();
    }

    public EndPoint Address => _socket.LocalEndPoint!;

    public bool TryOpen(RelayedTransportAddress relayed) => true;

    public void Close(RelayedTransportAddress relayed)
    {
        // There was nothing to open.
    }

    public bool IsOpen(TransportAddress relayed) => false;

    public void Dispose() => _socket.Dispose();

    private async Task RunAsync()
    {
        byte[] buffer = new byte[2048];
        var here = (IPEndPoint)_socket.LocalEndPoint!;
        var local = new TransportAddress(here.Address, (ushort)here.Port);
        try
        {
            while (true)
            {
                var got = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                var from = (IPEndPoint)got.RemoteEndPoint;
                _server.Receive(new Datagram(new TransportAddress(from.Address, (ushort)from.Port), local, buffer.AsSpan(0, got.ReceivedBytes)), _clock.Now);
                while (Take(local) is { Length: > 0 } message) await _socket.SendToAsync(message, from);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private byte[]? Take(TransportAddress local)
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            var output = _server.Poll(buffer, _clock.Now);
            if (output.Kind is OutputKind.Idle) return null;
            if (output.Kind is OutputKind.Transmit && output.Source == local) return output.Payload.ToArray();
        }
    }
}

/// <summary>Says one thing to whoever connects and speaks.</summary>
internal sealed class FakeStream : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _words;

    public FakeStream(byte[] words)
    {
        _words = words;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _ = RunAsync();
    }

    public EndPoint Address => _listener.LocalEndPoint!;

    public void Dispose() => _listener.Dispose();

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptAsync();
                await client.ReceiveAsync(new byte[2048]);
                await client.SendAsync(_words);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}

/// <summary>Fills a listener's queue, so that it answers no further SYN.</summary>
internal sealed class QueueFiller : IDisposable
{
    private readonly Socket[] _clients;

    public QueueFiller(Socket listener)
    {
        _clients = [.. Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false })];
        foreach (var client in _clients)
        {
            try
            {
                client.Connect(listener.LocalEndPoint!);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // On its way.
            }
        }
    }

    public void Dispose()
    {
        foreach (var client in _clients) client.Dispose();
    }
}
