using System.Globalization;
using System.Net;

namespace Thaw.Cli.RelayChecks;

/// <summary>A UDP socket, or a TCP socket that listens, of any process of this machine.</summary>
internal sealed record OpenPort(bool IsTcp, IPAddress Address, int Port, long Inode)
{
    private const string TcpListens = "0A", UdpUnconnected = "07"; // include/net/tcp_states.h of Linux

    /// <summary>Whoever binds the other cannot have the port any more.</summary>
    public bool Blocks(IPEndPoint end)
        => Port == end.Port && (Address.Equals(end.Address) || IsAny && (Address.AddressFamily == end.AddressFamily || Address.Equals(IPAddress.IPv6Any)));

    private bool IsAny => Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any);

    /// <param name="table">As /proc/net/udp and its like; null where there is none.</param>
    public static IEnumerable<OpenPort> Read(string? table, bool isTcp)
    {
        foreach (string line in (table ?? "").Split('\n').Skip(1))
        {
            // sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 10 || isTcp && fields[3] != TcpListens || !isTcp && fields[3] != UdpUnconnected) continue;
            if (fields[1].Split(':') is not [var address, var port] || AddressOf(address) is not { } parsed) continue;
            if (!int.TryParse(port, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number)) continue;
            if (long.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out long inode)) yield return new OpenPort(isTcp, parsed, number, inode);
        }
    }

    // Words of 32 bits in the machine's order: little, on all that we run on.
    private static IPAddress? AddressOf(string hex)
    {
        if (hex.Length is not (8 or 32) || !hex.All(char.IsAsciiHexDigit)) return null;
        byte[] bytes = Convert.FromHexString(hex);
        for (int word = 0; word < bytes.Length; word += 4) Array.Reverse(bytes, word, 4);
        return new IPAddress(bytes);
    }
}
