using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;
using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Dtls;
using Thaw.Tests.Turn.Server;
using Thaw.Tests.World;

namespace Thaw.Tests.Turn.Host;

/// <summary>The DTLS clients of a loop, on a table: no socket, and time passes when a test says so.</summary>
internal sealed class DtlsTable : IDisposable
{
    public static readonly TransportAddress Listener = TurnTable.At("198.51.100.1", 5349);

    private readonly DtlsAcceptor _acceptor = new(new DtlsOptions { MaxHandshakes = 64, MaxPlainRecord = DtlsClients.MaxRecord }, ["stun.turn"]);
    private readonly X509Certificate2 _certificate;

    public DtlsTable(TurnServerOptions? options = null, StreamDeadlines? deadlines = null, int limit = 1000, bool rsa = false)
    {
        Turn = new TurnTable(options);
        _certificate = rsa ? MakeRsa() : MakeECDsa();
        var shown = new ServerCertificate(_certificate, []);
        Clients = new DtlsClients(_acceptor, () => shown, Turn.Server, (fiveTuple, datagram) => Sent.Add(new Sent(fiveTuple.Server, fiveTuple.Client, datagram.ToArray())),
            new SeededRandom(5), deadlines ?? new StreamDeadlines(), limit, Now);
    }

    public TurnTable Turn { get; }

    public DtlsClients Clients { get; }

    public Instant Now => Turn.Now;

    public List<Sent> Sent { get; } = [];

    public List<DtlsErrand> Errands { get; } = [];

    public int Handshakes => _acceptor.HandshakesInFlight;

    public static FiveTuple From(ushort port) => new(TurnTable.At("192.0.2.7", port), Listener);

    /// <returns>What was answered.</returns>
    public List<Sent> Put(FiveTuple fiveTuple, byte[] datagram)
    {
        Sent.Clear();
        Clients.Receive(new Datagram(fiveTuple.Client, fiveTuple.Server, datagram), Now);
        Take();
        return [.. Sent];
    }

    /// <summary>As far as a client gets that proves its address and then says no more.</summary>
    public List<Sent> Knock(FiveTuple fiveTuple, byte random = 7)
    {
        byte[] cookie = Put(fiveTuple, Fuzz.Targets.HelloTarget.Hello([], random: random)) is [var verify] ? verify.Bytes[^32..] : throw new InvalidOperationException("No cookie.");
        return Put(fiveTuple, Fuzz.Targets.HelloTarget.Hello(cookie, random: random));
    }

    public void Pass(double seconds)
    {
        Turn.PassUnnoticed(seconds);
        Clients.Advance(Now);
        Clients.Sweep(Now);
        Take();
    }

    public void Take()
    {
        while (Clients.TryTake(out var errand)) Errands.Add(errand);
    }

    public void Dispose()
    {
        Clients.Dispose();
        _acceptor.Dispose();
        _certificate.Dispose();
    }

    private static X509Certificate2 MakeECDsa()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=relay", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
    }

    private static X509Certificate2 MakeRsa()
    {
        using var key = RSA.Create(2048);
        return new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=relay", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
    }
}

/// <summary>BouncyCastle's own client, on a fibre that moves only when a test gives it something.</summary>
internal sealed class PlainClient : DatagramTransport, IDisposable
{
    private readonly DtlsTable _table;
    private readonly FiveTuple _fiveTuple;
    private readonly Fibre _fibre = new(() => { });
    private readonly Queue<byte[]> _heard = [];
    private readonly List<byte[]> _said = [];
    private bool _isShaking = true;
    private DtlsTransport? _association;

    public PlainClient(DtlsTable table, FiveTuple fiveTuple, string[]? protocols = null)
    {
        (_table, _fiveTuple) = (table, fiveTuple);
        _fibre.Start(() =>
        {
            try
            {
                _association = new DtlsClientProtocol().Connect(new Client(protocols ?? []), this);
            }
            catch (Exception e) when (e is TlsException or FibreUnwound)
            {
                Failure = e;
            }

            _isShaking = false;
        });
        Exchange();
    }

    public bool IsConnected => _association is not null;

    public Exception? Failure { get; private set; }

    public void Send(ReadOnlySpan<byte> message)
    {
        _association!.Send(message);
        Exchange();
    }

    /// <summary>The next message, or null.</summary>
    public byte[]? Receive()
    {
        foreach (var sent in _table.Sent.Where(sent => sent.Destination == _fiveTuple.Client)) _heard.Enqueue(sent.Bytes);
        _table.Sent.Clear();
        byte[] buffer = new byte[16_384];
        int length = _association!.Receive(buffer, 0, buffer.Length, 1);
        return length < 0 ? null : buffer[..length];
    }

    /// <summary>close_notify.</summary>
    public void Leave()
    {
        _association!.Close();
        Exchange();
    }

    public void Dispose()
    {
        if (!_fibre.IsDone) _fibre.Unwind();
        _fibre.Dispose();
    }

    int DatagramReceiver.GetReceiveLimit() => 16_384;

    int DatagramSender.GetSendLimit() => 1400;

    int DatagramReceiver.Receive(byte[] buf, int off, int len, int waitMillis) => Take(buf.AsSpan(off, len));

    int DatagramReceiver.Receive(Span<byte> buffer, int waitMillis) => Take(buffer);

    void DatagramSender.Send(byte[] buf, int off, int len) => _said.Add(buf[off..(off + len)]);

    void DatagramSender.Send(ReadOnlySpan<byte> buffer) => _said.Add(buffer.ToArray());

    void TlsCloseable.Close() { }

    private int Take(Span<byte> buffer)
    {
        while (_heard.Count == 0)
        {
            if (!_isShaking) return -1;
            _fibre.Park();
        }

        byte[] datagram = _heard.Dequeue();
        datagram.CopyTo(buffer);
        return datagram.Length;
    }

    // Until neither has a word left.
    private void Exchange()
    {
        while (_said.Count > 0)
        {
            byte[][] said = [.. _said];
            _said.Clear();
            foreach (byte[] datagram in said)
                foreach (var answer in _table.Put(_fiveTuple, datagram)) _heard.Enqueue(answer.Bytes);
            while (_heard.Count > 0 && !_fibre.IsDone) _fibre.Resume();
        }
    }

    private sealed class Client(string[] protocols) : DefaultTlsClient(new BcTlsCrypto(new SecureRandom()))
    {
        protected override ProtocolVersion[] GetSupportedVersions() => ProtocolVersion.DTLSv12.Only();

        protected override IList<ProtocolName> GetProtocolNames() => protocols is [] ? null! : [.. protocols.Select(ProtocolName.AsUtf8Encoding)];

        public override TlsAuthentication GetAuthentication() => new Anyone();
    }

    private sealed class Anyone : TlsAuthentication
    {
        public void NotifyServerCertificate(TlsServerCertificate serverCertificate) { }

        public TlsCredentials? GetClientCredentials(Org.BouncyCastle.Tls.CertificateRequest certificateRequest) => null;
    }
}
