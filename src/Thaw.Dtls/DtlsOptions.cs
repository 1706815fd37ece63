namespace Thaw.Dtls;

/// <summary>Limits that every association of one factory shares.</summary>
public sealed record DtlsOptions
{
    /// <summary>Handshakes that may hold a thread at once. Further ones wait until their own timeout.</summary>
    public int MaxHandshakes { get; init; } = 512;

    /// <summary>Largest UDP payload of a handshake datagram: 1,200 fits IPv6's least MTU with room for TURN.</summary>
    public int Mtu { get; init; } = 1200;

    /// <summary>Largest application data that a plain server (<see cref="DtlsAcceptor"/>) takes and sends in one record.</summary>
    public int MaxPlainRecord { get; init; } = 1200;
}
