using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Tests.Turn.Server;

/// <summary>A client that does as a test says, right or wrong.</summary>
internal sealed class TurnClient(TurnTable table, TransportAddress address)
{
    private uint _transactions;

    public TransportAddress Address { get; } = address;
    public string User { get; set; } = "";
    public string Password { get; set; } = "";
    public string Realm { get; set; } = "thaw";
    public byte[] Nonce { get; set; } = [];
    public PasswordAlgorithm? Algorithm { get; set; }
    public byte[]? Offer { get; set; }
    public bool HidesName { get; set; }
    public bool WithFingerprint { get; set; }
    public TransportAddress Server { get; set; } = TurnTable.Listener.Over(address.Protocol);

    public FiveTuple FiveTuple => new(Address, Server);

    public TransactionId LastTransaction { get; private set; }

    /// <summary>As a client does: learns the nonce from the 401 or 438 and asks again.</summary>
    public Reply Ask(StunMethod method, Fill? fill = null)
    {
        for (int i = 0; ; i++)
        {
            var reply = AskOnce(method, fill)!;
            if (i == 1 || reply.Code is not (StunErrorCode.Unauthenticated or StunErrorCode.StaleNonce)) return reply;
            Learn(reply);
        }
    }

    public void Learn(Reply reply)
    {
        Nonce = reply.Value(StunAttributeType.Nonce);
        if (Algorithm is not null) Offer ??= reply.Value(StunAttributeType.PasswordAlgorithms);
    }

    public Reply? AskOnce(StunMethod method, Fill? fill = null, TransactionId? transaction = null)
        => Put(Compose(method, fill, transaction)) is { } sent ? new Reply(sent.Bytes) : null;

    public Sent? Put(ReadOnlySpan<byte> bytes) => table.Put(Address, Server, bytes);

    public byte[] Compose(StunMethod method, Fill? fill, TransactionId? transaction = null)
    {
        LastTransaction = transaction ?? new TransactionId(0xC0DE, ++_transactions + (uint)Address.Port * 65536);
        var writer = new StunWriter(new byte[1500], method, StunClass.Request, LastTransaction);
        fill?.Invoke(ref writer);
        if (Nonce.Length > 0) Sign(ref writer);
        if (WithFingerprint) writer.AddFingerprint();
        return writer.Finish().ToArray();
    }

    public void Sign(ref StunWriter writer)
    {
        if (HidesName) writer.Add(StunAttributeType.Userhash, LongTermKey.Userhash(User, Realm));
        else writer.Add(StunAttributeType.Username, Encoding.UTF8.GetBytes(User));
        writer.Add(StunAttributeType.Realm, Encoding.UTF8.GetBytes(Realm));
        writer.Add(StunAttributeType.Nonce, Nonce);
        if (Offer is not null) writer.Add(StunAttributeType.PasswordAlgorithms, Offer);
        if (Algorithm is { } chosen) writer.Add(StunAttributeType.PasswordAlgorithm, (uint)chosen << 16);
        byte[] key = Key;
        if (Algorithm is null) writer.AddIntegrity(key);
        else writer.AddIntegritySha256(key);
    }

    public byte[] Key => LongTermKey.Derive(Algorithm ?? PasswordAlgorithm.Md5, User, Realm, Password);

    public Reply Allocate(Fill? fill = null) => Ask(StunMethod.Allocate, (ref StunWriter writer) =>
    {
        writer.Add(StunAttributeType.RequestedTransport, 17u << 24);
        fill?.Invoke(ref writer);
    });

    public Reply AllocateTcp(Fill? fill = null) => Ask(StunMethod.Allocate, (ref StunWriter writer) =>
    {
        writer.Add(StunAttributeType.RequestedTransport, 6u << 24);
        fill?.Invoke(ref writer);
    });

    /// <summary>With zero bytes of ticket: asks for one.</summary>
    public Reply AllocateMobile() => Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.MobilityTicket));

    /// <summary>A Refresh with a ticket.</summary>
    public Reply Move(byte[] ticket, uint? lifetime = null) => Ask(StunMethod.Refresh, (ref StunWriter writer) =>
    {
        writer.Add(StunAttributeType.MobilityTicket, ticket);
        if (lifetime is { } seconds) writer.Add(StunAttributeType.Lifetime, seconds);
    });

    /// <summary>The answer, if there is one at once.</summary>
    public Reply? Connect(TransportAddress peer, bool isAnswered)
        => isAnswered ? Connect(peer) : AskOnce(StunMethod.Connect, (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer));

    public Reply Connect(TransportAddress peer) => Ask(StunMethod.Connect, (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer));

    public Reply BindConnection(uint id) => Ask(StunMethod.ConnectionBind, (ref StunWriter writer) => writer.Add(StunAttributeType.ConnectionId, id));

    public Reply Refresh(uint? lifetime = null) => Ask(StunMethod.Refresh, (ref StunWriter writer) =>
    {
        if (lifetime is { } seconds) writer.Add(StunAttributeType.Lifetime, seconds);
    });

    public Reply Permit(params TransportAddress[] peers) => Ask(StunMethod.CreatePermission, (ref StunWriter writer) =>
    {
        foreach (var peer in peers) writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer);
    });

    public Reply Bind(uint number, TransportAddress peer) => Ask(StunMethod.ChannelBind, (ref StunWriter writer) =>
    {
        writer.Add(StunAttributeType.ChannelNumber, number << 16);
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer);
    });

    /// <summary>A Send indication.</summary>
    public Sent? Send(TransportAddress peer, ReadOnlySpan<byte> data) => Put(SendIndication(peer, data));

    public static byte[] SendIndication(TransportAddress peer, ReadOnlySpan<byte> data)
    {
        var writer = new StunWriter(new byte[2048], StunMethod.Send, StunClass.Indication, new TransactionId(1, 1));
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer);
        writer.Add(StunAttributeType.Data, data);
        return writer.Finish().ToArray();
    }

    public Sent? SendOnChannel(ushort number, ReadOnlySpan<byte> data) => Put(OnChannel(number, data));

    public static byte[] OnChannel(ushort number, ReadOnlySpan<byte> data)
    {
        byte[] message = new byte[ChannelData.HeaderLength + data.Length];
        ChannelData.WriteHeader(message, number, data.Length);
        data.CopyTo(message.AsSpan(ChannelData.HeaderLength));
        return message;
    }
}
