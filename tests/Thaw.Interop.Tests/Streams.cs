using System.Net;
using System.Net.Sockets;

namespace Thaw.Interop.Tests;

/// <summary>TCP as a client of a relay sees it.</summary>
internal static class Streams
{
    public static async Task<Socket> ConnectAsync(ushort port, TimeSpan limit)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(limit);
        return socket;
    }

    /// <summary>The other side ends it within that time, whatever it still says.</summary>
    public static async Task<bool> IsClosedAsync(Socket socket, TimeSpan limit)
    {
        byte[] rest = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(rest).WaitAsync(limit) > 0) { }
            return true;
        }
        catch (SocketException)
        {
            return true; // reset: closed all the same
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
