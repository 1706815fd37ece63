using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Thaw.Protocol;

namespace Thaw.Voice.Http;

/// <summary>
/// HTTP and ICE-TCP on one port: the first byte of a connection tells them apart. A frame begins with its length (RFC 4571),
/// of which the upper byte is small; HTTP begins with a letter, TLS with 0x16. docs/decisions/0005.
/// </summary>
internal static class IceTcpSharing
{
    /// <summary>What is silent for longer has missed its chance with ICE (PassiveTcp.Proof); HTTP's own patience follows.</summary>
    public static readonly TimeSpan FirstByte = TimeSpan.FromSeconds(5);

    private const int LongestFrame = Output.BufferLength;

    /// <summary>True where HTTP and media want the same TCP port.</summary>
    public static bool IsNeeded(VoiceServerOptions options)
        => options.Port != 0 && options.Port == (options.TcpPort is 0 ? options.UdpPort : options.TcpPort);

    /// <summary>True for the addresses that Kestrel listens on: <see cref="Thaw.Net.PeerHostOptions.SharesTcp"/>.</summary>
    public static bool Covers(VoiceServerOptions options, IPAddress address)
    {
        if (!IsNeeded(options)) return false;
        if (options.Host is "localhost") return address.Equals(IPAddress.Loopback) || address.Equals(IPAddress.IPv6Loopback);
        var host = IPAddress.Parse(options.Host);
        return host.Equals(address) || host.Equals(IPAddress.IPv6Any) // which Kestrel opens for both families
            || (host.Equals(IPAddress.Any) && address.AddressFamily == host.AddressFamily);
    }

    /// <summary>Hands connections that begin with a frame to <paramref name="accept"/>, all others to what follows.</summary>
    public static void Share(ListenOptions listen, Func<IDuplexPipe, IPEndPoint, IPEndPoint, Task> accept, TimeProvider time) => listen.Use(next => async connection =>
    {
        if (connection is { LocalEndPoint: IPEndPoint local, RemoteEndPoint: IPEndPoint remote } && await BeginsWithFrameAsync(connection.Transport.Input, time))
            await accept(connection.Transport, local, remote);
        else
            await next(connection);
    });

    // Looks, and leaves everything unread.
    private static async Task<bool> BeginsWithFrameAsync(PipeReader input, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(FirstByte, time);
        using var waking = limit.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), input);
        var read = await input.ReadAsync();
        bool isFrame = !read.Buffer.IsEmpty && read.Buffer.FirstSpan[0] <= LongestFrame >> 8;
        input.AdvanceTo(read.Buffer.Start);
        return isFrame;
    }
}
