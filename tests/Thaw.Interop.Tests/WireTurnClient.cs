using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Interop.Tests;

/// <summary>A TURN client of one socket, which asks and waits for the answer.</summary>
internal sealed class WireTurnClient : IDisposable
{
    private const ushort Channel = 0x4000;
    private const int Tries = 10;

    private static readonly RandomNumberGenerator Random = RandomNumberGenerator.Create();

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 1000 };
    private readonly string _user;
    private readonly string _password;
    private byte[] _nonce = [];
    private byte[] _realm = [];
    private byte _echoes;

    public WireTurnClient(ushort port, string user, string password)
    {
        (_user, _password) = (user, password);
        _socket.Connect(IPAddress.Loopback, port);
    }

    private delegate void Fill(ref StunWriter writer);

    public static WireTurnClient Minted(ushort port, string secret)
    {
        string name = $"{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}:minted";
#pragma warning disable CA5350 // The convention of TURN's REST API.
        return new WireTurnClient(port, name, Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(name))));
#pragma warning restore CA5350
    }

    /// <returns>0, or the error's code.</returns>
    public int Allocate() => Ask(StunMethod.Allocate, (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedTransport, 17u << 24));

    public int Refresh(uint lifetime = 600) => Ask(StunMethod.Refresh, (ref StunWriter writer) => writer.Add(StunAttributeType.Lifetime, lifetime));

    public int Bind(IPEndPoint peer) => Ask(StunMethod.ChannelBind, (ref StunWriter writer) =>
    {
        writer.Add(StunAttributeType.ChannelNumber, (uint)Channel << 16);
        writer.AddXorAddress(StunAttributeType.XorPeerAddress, new TransportAddress(peer.Address, (ushort)peer.Port));
    });

    /// <summary>Does what is sent on the channel come back?</summary>
    public bool Echoes()
    {
        byte[] message = new byte[ChannelData.HeaderLength + 4], answer = new byte[100];
        ChannelData.WriteHeader(message, Channel, 4);
        message.AsSpan(ChannelData.HeaderLength).Fill(++_echoes);
        for (int i = 0; i < Tries; i++)
        {
            _socket.Send(message);
            if (Receive(answer) is { } length && answer.AsSpan(0, length).SequenceEqual(message)) return true;
        }

        return false;
    }

    public void Dispose() => _socket.Dispose();

    private int Ask(StunMethod method, Fill fill)
    {
        for (int i = 0; ; i++)
        {
            int code = AskOnce(method, fill);
            if (i == 1 || code is not (StunErrorCode.Unauthenticated or StunErrorCode.StaleNonce)) return code;
        }
    }

    private int AskOnce(StunMethod method, Fill fill)
    {
        var transaction = TransactionId.Next(Random);
        var writer = new StunWriter(new byte[600], method, StunClass.Request, transaction);
        fill(ref writer);
        if (_nonce.Length > 0)
        {
            writer.Add(StunAttributeType.Username, Encoding.UTF8.GetBytes(_user));
            writer.Add(StunAttributeType.Realm, _realm);
            writer.Add(StunAttributeType.Nonce, _nonce);
            writer.AddIntegrity(LongTermKey.Derive(PasswordAlgorithm.Md5, _user, Encoding.UTF8.GetString(_realm), _password));
        }

        byte[] answer = new byte[600];
        for (int i = 0; i < Tries; i++)
        {
            _socket.Send(writer.Finish());
            if (Receive(answer) is not { } length || StunReader.TryRead(answer.AsSpan(0, length), out var message) is not null || message.Transaction != transaction) continue;
            if (message.TryFind(StunAttributeType.Nonce, out var nonce)) _nonce = nonce.Value.ToArray();
            if (message.TryFind(StunAttributeType.Realm, out var realm)) _realm = realm.Value.ToArray();
            return message.TryFind(StunAttributeType.ErrorCode, out var error) && error.TryReadError(out int code, out _) ? code : 0;
        }

        return -1;
    }

    private int? Receive(byte[] buffer)
    {
        try
        {
            return _socket.Receive(buffer);
        }
        catch (SocketException)
        {
            return null; // nothing in time; or nobody there any more
        }
    }
}

/// <summary>A peer that sends back what comes, until it is disposed.</summary>
internal sealed class SocketEcho : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    public SocketEcho()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _ = Task.Run(EchoAsync);
    }

    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    public void Dispose() => _socket.Dispose();

    private async Task EchoAsync()
    {
        byte[] buffer = new byte[2048];
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                await _socket.SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), received.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // How it ends.
        }
    }
}
