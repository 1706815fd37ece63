using System.Security.Cryptography;
using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Dtls;

/// <param name="datagram">Lent until the return.</param>
internal delegate void DtlsTransmit(FiveTuple fiveTuple, ReadOnlySpan<byte> datagram);

/// <summary>
/// The DTLS clients of one loop (RFC 7350). Whoever has not sent our cookie back leaves no trace but in the budget of
/// unproven answers. A machine without sockets: datagrams and time in, datagrams out by the delegate, and messages to
/// take with <see cref="TryTake"/> after each input.
/// </summary>
internal sealed class DtlsClients(
    DtlsAcceptor acceptor, Func<ServerCertificate> certificate, TurnServer server, DtlsTransmit transmit, RandomNumberGenerator random,
    StreamDeadlines deadlines, int limit, Instant now) : IDisposable
{
    /// <summary>Application data of one record: a relayed packet with its header.</summary>
    public const int MaxRecord = Udp.DatagramRoom.MaxDatagram + PeerPacket.MaxHeader + 4;

    /// <summary>Of one loop.</summary>
    public const int MaxHandshakes = 128;

    /// <summary>Of one client address: there may be a house or a carrier's NAT behind it.</summary>
    public const int MaxHandshakesOfOne = 16;

    private readonly HelloVerifier _verifier = new(random, now);
    private readonly Dictionary<FiveTuple, DtlsClient> _clients = [];
    private readonly List<DtlsClient> _shaking = []; // those of them with a deadline
    private readonly Queue<DtlsErrand> _errands = [];
    private readonly byte[] _buffer = new byte[Output.BufferLength];

    public int Count => _clients.Count;

    public int Handshakes => _shaking.Count;

    /// <summary>Datagrams that were neither a client's nor a ClientHello that can be answered.</summary>
    public long Dropped { get; private set; }

    /// <summary>Proven clients for whom there was no room.</summary>
    public long Refused { get; private set; }

    public Instant WakeAt
    {
        get
        {
            var next = Instant.Never;
            foreach (var client in _shaking) next = Instant.Earlier(next, client.WakeAt);
            return next;
        }
    }

    public void Receive(in Datagram datagram, Instant now)
    {
        var fiveTuple = new FiveTuple(datagram.Source, datagram.Destination);
        if (!_clients.TryGetValue(fiveTuple, out var client) || client.Hello.IsOtherThan(datagram.Payload))
        {
            Meet(fiveTuple, client, datagram.Payload, now); // RFC 6347 §4.2.8: an old association ends only for a proven newcomer
            return;
        }

        client.Engine.Receive(datagram.Payload, now);
        Drain(client, now);
    }

    /// <summary>Dropped where there is no such client, or not yet.</summary>
    public void Send(FiveTuple fiveTuple, ReadOnlySpan<byte> message, Instant now)
    {
        if (message.Length > MaxRecord || !_clients.TryGetValue(fiveTuple, out var client) || !client.IsSecured) return;
        client.Engine.Send(message, now);
        Drain(client, now);
    }

    public bool TryTake(out DtlsErrand errand) => _errands.TryDequeue(out errand);

    public void Advance(Instant now)
    {
        for (int i = _shaking.Count - 1; i >= 0; i--)
        {
            var client = _shaking[i];
            if (client.WakeAt > now) continue;
            client.Engine.Advance(now);
            Drain(client, now);
        }
    }

    /// <summary>Now and then: ends those who have had no allocation for too long. Talking alone gains no time.</summary>
    public void Sweep(Instant now)
    {
        foreach (var client in _clients.Values)
        {
            if (!client.IsSecured) continue; // has a deadline of its own
            if (server.Find(client.FiveTuple) is not null) client.UsedAt = now;
            else if (now - client.UsedAt > deadlines.Unused) Part(client, now);
        }
    }

    public void Close(Instant now)
    {
        foreach (var client in _clients.Values) Part(client, now);
    }

    public void Dispose()
    {
        foreach (var client in _clients.Values) client.Engine.Dispose();
        _clients.Clear();
        _shaking.Clear();
        _verifier.Dispose();
    }

    private void Meet(FiveTuple fiveTuple, DtlsClient? before, ReadOnlySpan<byte> datagram, Instant now)
    {
        if (!HelloVerifier.IsClientHello(datagram))
        {
            Dropped++;
            return;
        }

        if (!server.TryTakeUnproven(fiveTuple.Client, now)) return;
        var hello = _verifier.Verify(datagram, fiveTuple.Client, fiveTuple.Server, now, out var answer);
        if (hello is null)
        {
            if (!answer.IsEmpty) transmit(fiveTuple, answer);
            return;
        }

        if (before is not null) Part(before, now);
        if (_clients.Count >= limit || _shaking.Count >= MaxHandshakes || HandshakesOf(fiveTuple.Client) >= MaxHandshakesOfOne)
        {
            Refused++;
            return;
        }

        var client = new DtlsClient(fiveTuple, hello, acceptor.Accept(hello, certificate(), random, deadlines.Handshake)) { UsedAt = now };
        _clients.Add(fiveTuple, client);
        _shaking.Add(client);
        client.Engine.Start(now);
        Drain(client, now);
    }

    private int HandshakesOf(TransportAddress source)
    {
        int count = 0;
        foreach (var client in _shaking)
            if (client.FiveTuple.Client.SameAddress(source)) count++;
        return count;
    }

    /// <summary>One input, then poll until Idle.</summary>
    private void Drain(DtlsClient client, Instant now)
    {
        while (true)
        {
            var output = client.Engine.Poll(_buffer, now);
            switch (output.Kind)
            {
                case OutputKind.Idle:
                    client.WakeAt = output.WakeAt;
                    return;
                case OutputKind.Transmit:
                    transmit(client.FiveTuple, output.Payload);
                    break;
                case OutputKind.Data:
                    _errands.Enqueue(new DtlsErrand(client.FiveTuple, output.Payload.ToArray()));
                    break;
                case OutputKind.Event when output.Value is DtlsEvent.Secured:
                    client.IsSecured = true;
                    client.UsedAt = now;
                    _shaking.Remove(client);
                    break;
                case OutputKind.Event: // Failed, Closed
                    Forget(client);
                    break;
            }
        }
    }

    private void Part(DtlsClient client, Instant now)
    {
        client.Engine.Close(now);
        Drain(client, now);
        Forget(client);
    }

    private void Forget(DtlsClient client)
    {
        if (!_clients.TryGetValue(client.FiveTuple, out var known) || known != client) return;
        _clients.Remove(client.FiveTuple);
        _shaking.Remove(client);
        client.Engine.Dispose();
        _errands.Enqueue(new DtlsErrand(client.FiveTuple, null));
    }
}
