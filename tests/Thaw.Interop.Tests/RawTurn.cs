using System.Net;
using System.Net.Sockets;
using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Interop.Tests;

internal delegate void RawFill(ref StunWriter writer);

/// <summary>A TURN client of one socket, UDP or TCP, that does one thing after the other as a test says.</summary>
internal sealed class RawTurn : IDisposable
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(20);

    private byte[] _nonce = [];
    private uint _transactions;

    private RawTurn(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    /// <summary>Who asks, and what signs: a user's key, or that of an access token.</summary>
    public (string User, byte[] Key) Identity { get; set; } = ("user", LongTermKey.Derive(PasswordAlgorithm.Md5, "user", "thaw", "pass"));

    public static async Task<RawTurn> ConnectAsync(ushort port, ProtocolType protocol = ProtocolType.Tcp, IPAddress? from = null)
    {
        bool isTcp = protocol is ProtocolType.Tcp;
        var socket = new Socket(AddressFamily.InterNetwork, isTcp ? SocketType.Stream : SocketType.Dgram, protocol);
        if (isTcp) socket.NoDelay = true;
        if (from is not null) socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Enough);
        return new RawTurn(socket);
    }

    public void Dispose() => Socket.Dispose();

    public Task<byte[]> AllocateAsync(byte transport, RawFill? fill = null) => AskAsync(StunMethod.Allocate, (ref StunWriter writer) =>
    {
        writer.Add(StunAttributeType.RequestedTransport, (uint)transport << 24);
        fill?.Invoke(ref writer);
    });

    public Task<byte[]> AskAsync(StunMethod method, TransportAddress peer)
        => AskAsync(method, (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer));

    public Task<byte[]> BindConnectionAsync(uint id) => AskAsync(StunMethod.ConnectionBind, (ref StunWriter writer) => writer.Add(StunAttributeType.ConnectionId, id));

    public Task<byte[]> BindChannelAsync(ushort number, TransportAddress peer) => AskAsync(StunMethod.ChannelBind, (ref StunWriter writer) =>
    {
        writer.Add(StunAttributeType.ChannelNumber, (uint)number << 16);
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, peer);
    });

    /// <summary>Learns the nonce from the first answer where it must.</summary>
    public async Task<byte[]> AskAsync(StunMethod method, RawFill? fill = null)
    {
        for (int i = 0; ; i++)
        {
            await Socket.SendAsync(Compose(method, fill)).WaitAsync(Enough);
            byte[] answer = await ReadAsync();
            if (i == 1 || Code(answer) is not (401 or 438)) return answer;
            _nonce = Value(answer, StunAttributeType.Nonce);
        }
    }

    /// <summary>The next message, be it a datagram or a part of the stream.</summary>
    public async Task<byte[]> ReadAsync()
    {
        if (Socket.ProtocolType is ProtocolType.Udp)
        {
            byte[] room = new byte[4096];
            return room[..await Socket.ReceiveAsync(room).WaitAsync(Enough)];
        }

        byte[] message = new byte[TurnFraming.HeaderLength];
        await ReadExactlyAsync(message);
        if (!TurnFraming.TryMeasure(message, out int length)) throw new IOException("no message");
        Array.Resize(ref message, length);
        await ReadExactlyAsync(message.AsMemory(TurnFraming.HeaderLength));
        return message;
    }

    public async Task ReadExactlyAsync(Memory<byte> room)
    {
        for (int filled = 0; filled < room.Length;)
        {
            int read = await Socket.ReceiveAsync(room[filled..]).AsTask().WaitAsync(Enough);
            if (read == 0) throw new EndOfStreamException();
            filled += read;
        }
    }

    public Task SendOnChannelAsync(ushort number, ReadOnlySpan<byte> data)
    {
        byte[] message = new byte[ChannelData.Length(data.Length, TransportProtocol.Udp)];
        ChannelData.WriteHeader(message, number, data.Length);
        data.CopyTo(message.AsSpan(ChannelData.HeaderLength));
        return Socket.SendAsync(message).WaitAsync(Enough);
    }

    public static StunReader Read(byte[] message) => StunReader.TryRead(message, out var reader) is { } reason ? throw new InvalidOperationException($"{reason}") : reader;

    public static bool Succeeded(byte[] message) => Read(message).Class is StunClass.SuccessResponse;

    public static int Code(byte[] message) => Read(message).TryFind(StunAttributeType.ErrorCode, out var attribute) && attribute.TryReadError(out int code, out _) ? code : 0;

    public static byte[] Value(byte[] message, StunAttributeType type) => Read(message).TryFind(type, out var attribute) ? attribute.Value.ToArray() : [];

    public static IPEndPoint Relayed(byte[] message)
        => Read(message).TryReadXorAddress(StunAttributeType.XorRelayedAddress, out var address) ? new IPEndPoint(address.Address, address.Port) : throw new InvalidOperationException($"refused with {Code(message)}");

    public static uint ConnectionId(byte[] message)
        => Read(message).TryFind(StunAttributeType.ConnectionId, out var attribute) && attribute.TryReadUInt32(out uint id) ? id : throw new InvalidOperationException($"refused with {Code(message)}");

    private byte[] Compose(StunMethod method, RawFill? fill)
    {
        var writer = new StunWriter(new byte[1500], method, StunClass.Request, new TransactionId(0xC0DE, ++_transactions));
        fill?.Invoke(ref writer);
        if (_nonce.Length > 0)
        {
            writer.Add(StunAttributeType.Username, Encoding.UTF8.GetBytes(Identity.User));
            writer.Add(StunAttributeType.Realm, Encoding.UTF8.GetBytes("thaw"));
            writer.Add(StunAttributeType.Nonce, _nonce);
            writer.AddIntegrity(Identity.Key);
        }

        return writer.Finish().ToArray();
    }
}
