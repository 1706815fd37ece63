using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Thaw.Voice.Http;

/// <summary>Takes a connection that somebody else accepted, and completes when it is over.</summary>
internal delegate Task ConnectionTaker(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote);

/// <summary>Who else is behind the HTTP port. What nobody takes is closed.</summary>
internal sealed record PortNeighbours
{
    /// <summary>Null: frames are HTTP's to refuse.</summary>
    public ConnectionTaker? IceTcp { get; init; }

    public ConnectionTaker? Turn { get; init; }

    /// <summary>TURN inside of TLS.</summary>
    public ConnectionTaker? TurnTls { get; init; }

    /// <summary>HTTP without TLS gets an answer that says so.</summary>
    public bool IsHttps { get; init; }
}

/// <summary>
/// HTTP, HTTPS, ICE-TCP and TURN on one port: the first bytes of a connection tell them apart, inside of TLS again.
/// docs/decisions/0005 and 0007.
/// </summary>
internal static class PortSharing
{
    /// <summary>What is silent for longer has missed its chance with ICE (PassiveTcp.Proof); HTTP's own patience follows.</summary>
    public static readonly TimeSpan FirstByte = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan TlsHandshake = TimeSpan.FromSeconds(10);

    /// <summary>RFC 7443 §3.1.</summary>
    public static readonly SslApplicationProtocol TurnProtocol = new("stun.turn");

    private static readonly byte[] SpeakTls = PlainAnswer("This port speaks HTTPS: put https:// before the address.");

    /// <summary>True where HTTP and media want the same TCP port.</summary>
    public static bool HasIceTcp(VoiceServerOptions options)
        => options.Port != 0 && options.Port == (options.TcpPort is 0 ? options.UdpPort : options.TcpPort);

    /// <summary>True for the addresses that Kestrel listens on: <see cref="Thaw.Net.PeerHostOptions.SharesTcp"/>.</summary>
    public static bool Covers(VoiceServerOptions options, IPAddress address)
    {
        if (!HasIceTcp(options)) return false;
        if (options.Host is "localhost") return address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback);
        var host = IPAddress.Parse(options.Host);
        return host.Equals(address) || host.Equals(IPAddress.IPv6Any) // which Kestrel opens for both families
            || (host.Equals(IPAddress.Any) && address.AddressFamily == host.AddressFamily);
    }

    /// <summary>Hands connections to whom their first bytes are for, and to what follows if that is HTTP or TLS.</summary>
    public static void Share(ListenOptions listen, PortNeighbours neighbours, TimeProvider time) => listen.Use(next => async connection =>
    {
        var (spoken, isSilent) = await LookAsync(connection.Transport.Input, time);
        switch (spoken)
        {
            case Spoken.Turn: await GiveAsync(connection, neighbours.Turn); break;
            case Spoken.IceTcp when neighbours.IceTcp is not null: await GiveAsync(connection, neighbours.IceTcp); break;
            case Spoken.Unclear when !isSilent: break; // the beginning of something, and no more for so long
            case Spoken.Http when neighbours.IsHttps: await connection.Transport.Output.WriteAsync(SpeakTls); break;
            default: await next(connection); break;
        }
    });

    /// <summary>The same inside of TLS, where ALPN may have told already.</summary>
    public static void ShareTls(ListenOptions listen, PortNeighbours neighbours, TimeProvider time) => listen.Use(next => async connection =>
    {
        var agreed = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol ?? default;
        bool isTurn = agreed.IsEmpty
            ? (await LookAsync(connection.Transport.Input, time)).Spoken is Spoken.Turn
            : agreed.Span.SequenceEqual(TurnProtocol.Protocol.Span);
        if (isTurn) await GiveAsync(connection, neighbours.TurnTls);
        else await next(connection);
    });

    private static Task GiveAsync(ConnectionContext connection, ConnectionTaker? taker)
        => taker is not null && connection is { LocalEndPoint: IPEndPoint local, RemoteEndPoint: IPEndPoint remote }
            ? taker(connection.Transport, local, remote)
            : Task.CompletedTask;

    // Looks, and leaves everything unread.
    private static async Task<(Spoken Spoken, bool IsSilent)> LookAsync(PipeReader input, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(FirstByte, time);
        using var waking = limit.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), input);
        while (true)
        {
            var read = await input.ReadAsync();
            var spoken = Judge(read.Buffer);
            bool isSilent = read.Buffer.IsEmpty, isOver = spoken is not Spoken.Unclear || read.IsCanceled || read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, isOver ? read.Buffer.Start : read.Buffer.End);
            if (isOver) return (spoken, isSilent);
        }
    }

    private static Spoken Judge(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> first = stackalloc byte[(int)Math.Min(buffer.Length, FirstBytes.Enough)];
        buffer.Slice(0, first.Length).CopyTo(first);
        return FirstBytes.Judge(first);
    }

    private static byte[] PlainAnswer(string detail)
    {
        byte[] body = ErrorBodies.Utf8(detail);
        return [.. System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body];
    }
}
