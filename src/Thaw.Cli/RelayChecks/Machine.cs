using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Thaw.Net.Addresses;

namespace Thaw.Cli.RelayChecks;

/// <summary>What a relay needs to know of its machine. Null is what the system does not say.</summary>
internal sealed record Machine
{
    public HostFacts Host { get; init; } = new();

    public DateTimeOffset Now { get; init; }

    public bool? IsClockSynchronised { get; init; }

    /// <summary>Of this process; the runtime has raised it to the hard limit.</summary>
    public long? OpenFiles { get; init; }

    /// <summary>The ports that the system gives to whoever asks for any.</summary>
    public (int First, int Last)? EphemeralPorts { get; init; }

    /// <summary>Those of them that it does not give away, as the system writes them: <c>8080,49152-49999</c>.</summary>
    public string ReservedPorts { get; init; } = "";

    public long? ReceiveBufferMax { get; init; }

    public long? ConnectionsTracked { get; init; }

    public long? ConnectionsTrackedMax { get; init; }

    public IReadOnlyList<OpenPort> OpenPorts { get; init; } = [];

    /// <summary>Null where the port can be had.</summary>
    public Func<ProtocolType, IPEndPoint, SocketError?> Bind { get; init; } = static (_, _) => null;

    /// <summary>Who holds a socket: its name and process id; null where that is not to be seen.</summary>
    public Func<OpenPort, string?> OwnerOf { get; init; } = static _ => null;

    public static Machine Read() => From(ProcFiles.Read) with
    {
        Host = HostFacts.Read(),
        Now = DateTimeOffset.UtcNow,
        OwnerOf = ProcFiles.OwnerOf,
        Bind = TryBind,
    };

    /// <param name="read">A file, or null where there is none.</param>
    public static Machine From(Func<string, string?> read) => new()
    {
        IsClockSynchronised = read("/run/systemd/timesync/synchronized") is not null ? true : null,
        OpenFiles = OpenFilesOf(read("/proc/self/limits")),
        EphemeralPorts = Numbers(read("/proc/sys/net/ipv4/ip_local_port_range")) is [var first, var last] ? ((int)first, (int)last) : null,
        ReservedPorts = read("/proc/sys/net/ipv4/ip_local_reserved_ports")?.Trim() ?? "",
        ReceiveBufferMax = Number(read("/proc/sys/net/core/rmem_max")),
        ConnectionsTracked = Number(read("/proc/sys/net/netfilter/nf_conntrack_count")),
        ConnectionsTrackedMax = Number(read("/proc/sys/net/netfilter/nf_conntrack_max")),
        OpenPorts =
        [
            .. OpenPort.Read(read("/proc/net/udp"), isTcp: false), .. OpenPort.Read(read("/proc/net/udp6"), isTcp: false),
            .. OpenPort.Read(read("/proc/net/tcp"), isTcp: true), .. OpenPort.Read(read("/proc/net/tcp6"), isTcp: true),
        ],
    };

    private static long? OpenFilesOf(string? limits)
    {
        // "Max open files            1024                 524288               files"
        string? line = limits?.Split('\n').FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return line is null ? null : Number(line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]);
    }

    private static long? Number(string? text) => long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static long[] Numbers(string? text) => [.. (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Number).OfType<long>()];

    private static SocketError? TryBind(ProtocolType protocol, IPEndPoint at)
    {
        try
        {
            using var socket = new Socket(at.AddressFamily, protocol is ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol);
            if (at.AddressFamily is AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(at);
            if (protocol is ProtocolType.Tcp) socket.Listen(1);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
