using Thaw.Net.Tcp;
using Thaw.Protocol;

namespace Thaw.Net;

/// <summary>A snapshot of counters since the host opened; taking one disturbs no loop.</summary>
public sealed record PeerHostStatistics
{
    public required long DatagramsIn { get; init; }
    public required long DatagramsOut { get; init; }
    public required long BytesIn { get; init; }
    public required long BytesOut { get; init; }

    /// <summary>Datagrams refused, at the port or by a session's machine. Reasons that never occurred are absent.</summary>
    public required IReadOnlyDictionary<DropReason, long> Drops { get; init; }

    /// <summary>Sends of the application refused because the session's queue was full.</summary>
    public required long QueueFull { get; init; }

    /// <summary>Messages that a machine refused after they had waited their turn: channel not open, buffer full.</summary>
    public required long MessagesRefused { get; init; }

    /// <summary>Datagrams that the kernel gave to another loop than their session's.</summary>
    public required long Forwarded { get; init; }

    /// <summary>Sends that the system refused: no route to the network, blocked by a firewall, buffer full.</summary>
    public required long SendErrors { get; init; }

    public required long ReceiveErrors { get; init; }

    public required int Sessions { get; init; }

    /// <summary>Sessions ended by an exception out of their machine or listener. Each is a bug.</summary>
    public required long SessionsCrashed { get; init; }

    /// <summary>ICE-TCP, whose frames are not among the datagrams above but whose refused frames are among the drops.</summary>
    public TcpStatistics Tcp { get; init; } = new();

    public required int Shards { get; init; }

    /// <summary>What the system granted per socket, of the 4 MiB asked for. Linux reports twice the usable size.</summary>
    public required int ReceiveBufferBytes { get; init; }
    public required int SendBufferBytes { get; init; }

    public long DropsOf(DropReason reason) => Drops.GetValueOrDefault(reason);
}
