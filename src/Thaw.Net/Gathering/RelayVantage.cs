using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Net.Gathering;

/// <summary>
/// Looks at this machine from a TURN server elsewhere: packets go through an allocation there to a port here. Nothing but
/// TURN is spoken, with a credential of that server's, and that server's rules about peers hold.
/// </summary>
public sealed class RelayVantage
{
    private const int SocketBytes = 2048;

    private static readonly TimeSpan[] SendAt = [TimeSpan.Zero, TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(600), TimeSpan.FromMilliseconds(1100)];
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(1800); // after the first packet: what is not heard by then is not

    private readonly Socket _socket;
    private readonly TurnClient _client;
    private readonly TransportAddress _server;
    private readonly IReadOnlyList<VantageTarget> _targets;
    private readonly VantageOutcome[] _outcomes;
    private readonly byte[][] _questions;
    private readonly byte[] _buffer = new byte[Math.Max(SocketBytes, Output.BufferLength)];
    private TurnClientEvent? _last;
    private TransportAddress _mapped;

    private RelayVantage(Socket socket, TransportAddress server, TurnCredential credential, IReadOnlyList<VantageTarget> targets, RandomNumberGenerator random, Instant now)
    {
        (_socket, _server, _targets) = (socket, server, targets);
        var local = (IPEndPoint)socket.LocalEndPoint!;
        bool wantsIPv6 = targets.Any(target => target.Announced.IsIPv6);
        _client = new TurnClient(new TurnClientOptions(BothFamilies: wantsIPv6), new TransportAddress(local.Address, (ushort)local.Port), server, credential, random, now);
        _outcomes = new VantageOutcome[targets.Count];
        // A Binding request each: a relay that runs here answers it, and our own socket knows it again.
        _questions = [.. targets.Select(_ => new StunWriter(new byte[64], StunMethod.Binding, StunClass.Request, TransactionId.Next(random)).Finish().ToArray())];
    }

    /// <summary>Waits on the calling thread, no longer than <paramref name="limit"/>.</summary>
    public static VantageReport Look(IPEndPoint server, TurnCredential credential, IReadOnlyList<VantageTarget> targets, Clock clock, TimeSpan limit)
    {
        using var random = RandomNumberGenerator.Create();
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(server.AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
        var at = new TransportAddress(server.Address, (ushort)server.Port);
        return new RelayVantage(socket, at, credential, targets, random, clock.Now).Run(clock, clock.Now + limit);
    }

    private VantageReport Run(Clock clock, Instant deadline)
    {
        int sent = 0;
        var began = Instant.Never;
        while (true)
        {
            var now = clock.Now;
            _client.Advance(now);
            var wake = Drain(now);
            if (now >= deadline || _client.State is TurnClientState.Ended || now >= began + Longest || began != Instant.Never && Array.TrueForAll(_outcomes, o => o is not VantageOutcome.Nothing)) break;
            if (_client.State is TurnClientState.Allocated)
            {
                if (began == Instant.Never) began = now;
                if (sent < SendAt.Length && now >= began + SendAt[sent])
                {
                    sent++;
                    Ask(now);
                    continue;
                }

                if (sent < SendAt.Length) wake = Instant.Earlier(wake, began + SendAt[sent]);
                wake = Instant.Earlier(wake, began + Longest);
            }

            Wait(Instant.Earlier(wake, deadline) - now, clock);
        }

        bool isAllocated = began != Instant.Never;
        if (isAllocated)
        {
            _client.Close(clock.Now); // said once; should it be lost, the allocation ends by itself
            Drain(clock.Now);
        }

        return new VantageReport(isAllocated, _last as TurnClientEvent.Failed, _mapped, _outcomes);
    }

    private void Ask(Instant now)
    {
        for (int i = 0; i < _targets.Count; i++)
        {
            if (_outcomes[i] is not VantageOutcome.Nothing) continue;
            if (!_client.Relayed.Any(relayed => relayed.IsIPv4 == _targets[i].Announced.IsIPv4)) _outcomes[i] = VantageOutcome.NoFamily;
            else _client.Send(_targets[i].Announced, _questions[i], now);
        }
    }

    private Instant Drain(Instant now)
    {
        while (true)
        {
            var output = _client.Poll(_buffer, now);
            switch (output.Kind)
            {
                case OutputKind.Idle:
                    return output.WakeAt;
                case OutputKind.Transmit:
                    TrySend(output.Payload);
                    break;
                case OutputKind.Delivery:
                    Recognise(output.Payload, StunClass.SuccessResponse);
                    break;
                case OutputKind.Event:
                    _last = (TurnClientEvent)output.Value!;
                    if (_last is TurnClientEvent.Allocated allocated) _mapped = allocated.Mapped;
                    if (_last is TurnClientEvent.PeerRefused refused) Refuse(refused.Peer);
                    break;
            }
        }
    }

    private void TrySend(ReadOnlySpan<byte> payload)
    {
        try
        {
            _socket.SendTo(payload, SocketFlags.None, new IPEndPoint(_server.Address, _server.Port));
        }
        catch (SocketException)
        {
            // As if it were lost on the way: the client asks again.
        }
    }

    private void Wait(TimeSpan time, Clock clock)
    {
        List<Socket> ready = [_socket, .. _targets.Select(target => target.Listener).OfType<Socket>()];
        Socket.Select(ready, null, null, time < TimeSpan.Zero ? TimeSpan.Zero : time);
        foreach (var socket in ready)
        {
            EndPoint from = new IPEndPoint(_server.IsIPv4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
            int length;
            try
            {
                if (socket != _socket && socket.AddressFamily != from.AddressFamily) from = new IPEndPoint(socket.AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
                length = socket.ReceiveFrom(_buffer, ref from);
            }
            catch (SocketException)
            {
                continue; // an ICMP error of an earlier packet, or one too long for us
            }

            var source = new TransportAddress(((IPEndPoint)from).Address, (ushort)((IPEndPoint)from).Port);
            if (socket == _socket) _client.Receive(new Datagram(source, _client.Local, _buffer.AsSpan(0, length)), clock.Now);
            else Recognise(_buffer.AsSpan(0, length), StunClass.Request);
        }
    }

    // A question that came in, or an answer that came back, is that of a target by its transaction.
    private void Recognise(ReadOnlySpan<byte> datagram, StunClass kind)
    {
        if (StunReader.TryRead(datagram, out var message) is not null || message.Class != kind) return;
        for (int i = 0; i < _questions.Length; i++)
            if (StunReader.TryRead(_questions[i], out var asked) is null && asked.Transaction == message.Transaction) _outcomes[i] = VantageOutcome.Heard;
    }

    private void Refuse(TransportAddress peer)
    {
        for (int i = 0; i < _targets.Count; i++)
            if (_outcomes[i] is VantageOutcome.Nothing && _targets[i].Announced.SameAddress(peer)) _outcomes[i] = VantageOutcome.Refused;
    }
}

/// <summary>A UDP port of this machine, as clients are told it.</summary>
/// <param name="Listener">Bound to it; null where a STUN server holds it that answers.</param>
public sealed record VantageTarget(TransportAddress Announced, Socket? Listener);

public enum VantageOutcome
{
    Nothing,  // no packet came through
    Heard,
    Refused,  // by the rules of the server that we look from
    NoFamily, // it has no address of this family
}

/// <param name="IsAllocated">False: it could not be looked from there, and <paramref name="Failure"/> says why, unless time was over.</param>
/// <param name="Mapped">This machine's address as seen from there; default if it was not told.</param>
public sealed record VantageReport(bool IsAllocated, TurnClientEvent.Failed? Failure, TransportAddress Mapped, IReadOnlyList<VantageOutcome> Outcomes);
