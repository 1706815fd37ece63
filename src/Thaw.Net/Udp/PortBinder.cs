using System.Net;
using System.Net.Sockets;

namespace Thaw.Net.Udp;

/// <summary>Takes one port on every address, with as many sockets each as there are loops.</summary>
internal static class PortBinder
{
    private const int EphemeralAttempts = 16;

    /// <returns>A row of sockets per address, one column per loop. Addresses that are not ready yet are left out.</returns>
    /// <exception cref="PeerHostException">The port is taken or forbidden.</exception>
    public static List<LocalSocket[]> BindAll(IReadOnlyList<IPAddress> addresses, int port, int loops)
    {
        for (int attempt = 1; ; attempt++)
        {
            var rows = new List<LocalSocket[]>();
            try
            {
                foreach (var address in addresses)
                {
                    int wanted = rows.Count > 0 ? rows[0][0].Local.Port : port;
                    if (TryBind(address, wanted, loops) is { } row) rows.Add(row);
                }
            }
            catch (PeerHostException e)
            {
                foreach (var socket in rows.SelectMany(row => row)) socket.Dispose();
                if (port == 0 && e.Error is PeerHostError.PortInUse && attempt < EphemeralAttempts) continue;
                throw;
            }

            return rows;
        }
    }

    /// <returns>Null if the address is not there (any more), or not yet: IPv6 addresses are tentative at first.</returns>
    public static LocalSocket[]? TryBind(IPAddress address, int port, int loops)
    {
        var row = new List<LocalSocket>();
        try
        {
            // The first binds alone, which fails if anyone has the port, another Thaw included; only then it is shared.
            row.Add(new LocalSocket(address, port, sharePort: false));
            if (loops > 1) row[0].SharePort();
            while (row.Count < loops) row.Add(new LocalSocket(address, row[0].Local.Port, sharePort: true));
            return [.. row];
        }
        catch (SocketException e)
        {
            foreach (var socket in row) socket.Dispose();
            return e.SocketErrorCode switch
            {
                SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => null,
                SocketError.AccessDenied => throw new PeerHostException(
                    PeerHostError.PortNotAllowed, $"UDP port {port} on {address} may not be opened by this user. Choose a port above 1023.", e),
                _ => throw new PeerHostException(
                    PeerHostError.PortInUse,
                    $"UDP port {port} on {address} is in use by another program. Stop that program or choose another UDP port.", e),
            };
        }
    }

}
