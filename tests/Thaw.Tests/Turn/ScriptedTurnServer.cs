using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Tests.Turn;

/// <summary>One request as the server saw it.</summary>
internal sealed record Asked(Instant At, StunMethod Method, TransportAddress Client, bool IsSealed, uint? Lifetime, TransportAddress? Peer);

/// <summary>
/// A TURN server with strings attached: it does what the RFC says until a test tells it otherwise. Relays IPv4, and IPv6 where
/// it has an address.
/// </summary>
internal sealed class ScriptedTurnServer(TransportAddress address, TransportAddress relay, TransportAddress? relay6 = null) : IMachine
{
    public const string Realm = "example.org";
    public static readonly TurnCredential Credential = new("user", "pass");

    private readonly Queue<(OutputKind Kind, TransportAddress Source, TransportAddress Destination, byte[] Payload)> _outputs = new();
    private readonly Dictionary<TransportAddress, Held> _held = [];
    private int _nonce = 1, _port;
    private Instant _now;

    public List<Asked> Requests { get; } = [];

    /// <summary>Answers a request with this error instead; 0 for what is right, -1 for silence.</summary>
    public Func<Asked, int> Refuse { get; set; } = _ => 0;

    /// <summary>The last word over every answer.</summary>
    public Action<byte[]> Spoil { get; set; } = _ => { };

    public bool AnswersBinding { get; set; } = true;
    public bool OffersSha256 { get; set; }
    public bool StripsAlgorithms { get; set; }
    public bool HidesUsernames { get; set; }
    public bool SealsAnswers { get; set; } = true;
    public bool SealsErrors { get; set; } = true;
    public string RealmSaid { get; set; } = Realm;
    public TransportAddress? Alternate { get; set; }
    public uint Lifetime { get; set; } = 600;
    public HashSet<TransportAddress> DeniedPeers { get; } = [];
    public int Allocations => _held.Count;
    public IEnumerable<TransportAddress> Clients => _held.Keys;

    /// <summary>Addresses at which the world must reach it besides its own.</summary>
    public static TransportAddress[] RelayPorts(TransportAddress relay) => [.. Enumerable.Range(50_000, 40).Select(port => relay.WithPort((ushort)port))];

    private string Nonce => OffersSha256 || HidesUsernames || StripsAlgorithms
        ? $"obMatJos2{Convert.ToBase64String([(byte)((OffersSha256 || StripsAlgorithms ? 0x80 : 0) | (HidesUsernames ? 0x40 : 0)), 0, 0])}{_nonce}"
        : $"nonce{_nonce}";

    public void ChangeNonce() => _nonce++;

    public void Restart()
    {
        _held.Clear();
        ChangeNonce();
    }

    /// <summary>As after a crash of the client: the five-tuple is taken.</summary>
    public void Occupy(TransportAddress client) => _held[client] = new Held(relay.WithPort(49_999), default);

    /// <summary>An ICMP message about a packet to this peer.</summary>
    public void Bounce(TransportAddress client, TransportAddress peer, int type, int code)
    {
        var message = new StunWriter(new byte[200], StunMethod.Data, StunClass.Indication, new TransactionId(9, 9));
        message.AddXorAddress(StunAttributeType.XorPeerAddress, peer);
        message.Add(StunAttributeType.Icmp, (ulong)type << 41 | (ulong)code << 32);
        _outputs.Enqueue((OutputKind.Transmit, address, client, message.Finish().ToArray()));
    }

    public void Advance(Instant now) => _ = now;

    public Output Poll(Span<byte> buffer, Instant now)
        => _outputs.TryDequeue(out var o) ? Output.Transmit(o.Source, o.Destination, o.Payload) : Output.Idle(Instant.Never);

    public void Receive(in Datagram datagram, Instant now)
    {
        _now = now;
        if (!datagram.Destination.SameAddress(address) || datagram.Destination.Port != address.Port) FromPeer(datagram);
        else if (ChannelData.TryRead(datagram.Payload, out ushort channel, out var data) is null) ToPeer(datagram.Source, channel, data);
        else if (StunReader.TryRead(datagram.Payload, out var message) is null)
        {
            if (message.Class is StunClass.Indication) OnSend(datagram.Source, message);
            else Answer(datagram.Source, message, now);
        }
    }

    private void Answer(TransportAddress client, in StunReader message, Instant now)
    {
        if (message.Method is StunMethod.Binding)
        {
            var reply = Success(message);
            reply.AddXorAddress(StunAttributeType.XorMappedAddress, client);
            if (AnswersBinding) Send(client, reply.Finish());
            return;
        }

        uint? lifetime = message.TryFind(StunAttributeType.Lifetime, out var said) && said.TryReadUInt32(out uint seconds) ? seconds : null;
        TransportAddress? peer = message.TryReadXorAddress(StunAttributeType.XorPeerAddress, out var named) ? named : null;
        var asked = new Asked(now, message.Method, client, message.Has(StunAttributeType.Nonce), lifetime, peer);
        Requests.Add(asked);

        int code = Refuse(asked);
        if (code == 0 && message.CheckIntegrity(Key) is not StunSeal.Valid) code = StunErrorCode.Unauthenticated;
        if (code == 0 && (!message.TryFind(StunAttributeType.Nonce, out var nonce) || Encoding.ASCII.GetString(nonce.Value) != Nonce)) code = StunErrorCode.StaleNonce;
        if (code == 0) code = Check(asked, message);
        if (code < 0) return;
        if (code != 0) Send(client, Error(message, code));
        else Grant(asked, message);
    }

    private int Check(Asked asked, in StunReader message)
    {
        byte[] hash = LongTermKey.Userhash(Credential.Username, RealmSaid);
        bool isKnown = HidesUsernames
            ? message.TryFind(StunAttributeType.Userhash, out var userhash) && userhash.Value.SequenceEqual(hash)
            : message.TryFind(StunAttributeType.Username, out var username) && username.Value.SequenceEqual("user"u8);
        if (!isKnown) return StunErrorCode.Unauthenticated;
        if (asked.Method is StunMethod.Allocate) return _held.ContainsKey(asked.Client) ? StunErrorCode.AllocationMismatch : 0;
        if (!_held.ContainsKey(asked.Client)) return StunErrorCode.AllocationMismatch;
        return asked.Peer is { } peer && DeniedPeers.Contains(peer.WithPort(0)) ? StunErrorCode.Forbidden : 0;
    }

    private void Grant(Asked asked, in StunReader message)
    {
        var reply = Success(message);
        switch (asked.Method)
        {
            case StunMethod.Allocate:
                ushort port = (ushort)(50_000 + _port++ % 40);
                bool both = message.Has(StunAttributeType.AdditionalAddressFamily);
                _held[asked.Client] = new Held(relay.WithPort(port), both && relay6 is { } six ? six.WithPort(port) : default);
                reply.AddXorAddress(StunAttributeType.XorRelayedAddress, _held[asked.Client].Relay);
                if (_held[asked.Client].Relay6 != default) reply.AddXorAddress(StunAttributeType.XorRelayedAddress, _held[asked.Client].Relay6);
                else if (both) reply.Add(StunAttributeType.AddressErrorCode, 0x02000428U); // IPv6, 440
                reply.AddXorAddress(StunAttributeType.XorMappedAddress, asked.Client);
                reply.Add(StunAttributeType.Lifetime, Lifetime);
                break;
            case StunMethod.Refresh:
                if (asked.Lifetime == 0) _held.Remove(asked.Client);
                reply.Add(StunAttributeType.Lifetime, asked.Lifetime ?? Lifetime);
                break;
            case StunMethod.CreatePermission:
                _held[asked.Client].Permit(asked.Peer!.Value, asked.At);
                break;
            case StunMethod.ChannelBind:
                message.TryFind(StunAttributeType.ChannelNumber, out var number);
                number.TryReadUInt32(out uint channel);
                _held[asked.Client].Permit(asked.Peer!.Value, asked.At);
                _held[asked.Client].Channels[(ushort)(channel >> 16)] = (asked.Peer.Value, asked.At + TimeSpan.FromMinutes(10));
                break;
        }

        if (SealsAnswers) Seal(ref reply);
        Send(asked.Client, reply.Finish());
    }

    private byte[] Error(in StunReader message, int code)
    {
        var reply = new StunWriter(new byte[500], message.Method, StunClass.ErrorResponse, message.Transaction);
        reply.AddError(code, Encoding.UTF8.GetBytes($"Error\r\n{code}"));
        if (code == StunErrorCode.TryAlternate && Alternate is { } alternate) reply.AddAddress(StunAttributeType.AlternateServer, alternate);
        if (code is StunErrorCode.Unauthenticated or StunErrorCode.StaleNonce)
        {
            reply.Add(StunAttributeType.Realm, Encoding.UTF8.GetBytes(RealmSaid));
            reply.Add(StunAttributeType.Nonce, Encoding.ASCII.GetBytes(Nonce));
            if (OffersSha256) reply.Add(StunAttributeType.PasswordAlgorithms, [0, 2, 0, 0, 0, 1, 0, 0]);
        }
        else if (SealsErrors && code != StunErrorCode.BadRequest && message.Has(StunAttributeType.Nonce))
        {
            Seal(ref reply);
        }

        return reply.Finish().ToArray();
    }

    private byte[] Key => LongTermKey.Derive(OffersSha256 ? PasswordAlgorithm.Sha256 : PasswordAlgorithm.Md5, Credential.Username, RealmSaid, Credential.Password);

    private void Seal(ref StunWriter reply)
    {
        if (OffersSha256) reply.AddIntegritySha256(Key);
        else reply.AddIntegrity(Key);
    }

    private static StunWriter Success(in StunReader message) => new(new byte[500], message.Method, StunClass.SuccessResponse, message.Transaction);

    private void Send(TransportAddress client, ReadOnlySpan<byte> message)
    {
        byte[] bytes = message.ToArray();
        Spoil(bytes);
        _outputs.Enqueue((OutputKind.Transmit, address, client, bytes));
    }

    private void OnSend(TransportAddress client, in StunReader message)
    {
        message.TryReadXorAddress(StunAttributeType.XorPeerAddress, out var peer);
        message.TryFind(StunAttributeType.Data, out var data);
        Relay(client, peer, data.Value);
    }

    private void ToPeer(TransportAddress client, ushort channel, ReadOnlySpan<byte> data)
    {
        if (_held.TryGetValue(client, out var held) && held.Channels.TryGetValue(channel, out var bound) && bound.Until > _now)
            Relay(client, bound.Peer, data);
    }

    private void Relay(TransportAddress client, TransportAddress peer, ReadOnlySpan<byte> data)
    {
        if (_held.TryGetValue(client, out var held) && held.Permits(peer, _now))
            _outputs.Enqueue((OutputKind.Transmit, peer.IsIPv4 ? held.Relay : held.Relay6, peer, data.ToArray()));
    }

    private void FromPeer(in Datagram datagram)
    {
        foreach (var (client, held) in _held)
        {
            if (held.Relay != datagram.Destination && held.Relay6 != datagram.Destination) continue;
            if (!held.Permits(datagram.Source, _now)) continue;
            foreach (var (number, bound) in held.Channels)
            {
                if (bound.Peer != datagram.Source || bound.Until <= _now) continue;
                byte[] framed = new byte[ChannelData.Length(datagram.Payload.Length, address.Protocol)];
                ChannelData.WriteHeader(framed, number, datagram.Payload.Length);
                datagram.Payload.CopyTo(framed.AsSpan(ChannelData.HeaderLength));
                _outputs.Enqueue((OutputKind.Transmit, address, client, framed));
                return;
            }

            var message = new StunWriter(new byte[2500], StunMethod.Data, StunClass.Indication, new TransactionId(7, 7));
            message.AddXorAddress(StunAttributeType.XorPeerAddress, datagram.Source);
            message.Add(StunAttributeType.Data, datagram.Payload);
            _outputs.Enqueue((OutputKind.Transmit, address, client, message.Finish().ToArray()));
        }
    }

    private sealed record Held(TransportAddress Relay, TransportAddress Relay6)
    {
        private readonly Dictionary<TransportAddress, Instant> _permitted = [];

        public Dictionary<ushort, (TransportAddress Peer, Instant Until)> Channels { get; } = [];

        public void Permit(TransportAddress peer, Instant now) => _permitted[peer.WithPort(0)] = now + TimeSpan.FromMinutes(5);

        public bool Permits(TransportAddress peer, Instant now) => _permitted.TryGetValue(peer.WithPort(0), out var until) && until > now;
    }
}
