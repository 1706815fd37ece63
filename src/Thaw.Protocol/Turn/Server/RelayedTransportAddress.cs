namespace Thaw.Protocol.Turn;

/// <summary>An address on the server that peers send to (RFC 8656 §2). Shut when its allocation ends.</summary>
public sealed class RelayedTransportAddress
{
    internal RelayedTransportAddress(TransportAddress local, TransportAddress announced)
    {
        Local = local;
        Announced = announced;
    }

    /// <summary>What the host binds.</summary>
    public TransportAddress Local { get; }

    /// <summary>What clients are told and peers send to; another than <see cref="Local"/> behind a 1:1 NAT.</summary>
    public TransportAddress Announced { get; }

    /// <summary>The host's own, for example a socket: the machine only hands it back.</summary>
    public int Handle { get; set; }

    /// <summary>Null before the beginning and after the end.</summary>
    public Allocation? Allocation { get; internal set; }
}

/// <summary>
/// Where relayed transport addresses come from. The machine chooses the port; the host has sockets, the simulator a set.
/// It is asked and never asks back.
/// </summary>
public interface IRelayPorts
{
    /// <summary>Opens <see cref="RelayedTransportAddress.Local"/>, at once.</summary>
    /// <returns>False where it is taken or cannot be had: the machine tries another port.</returns>
    bool TryOpen(RelayedTransportAddress relayed);

    void Close(RelayedTransportAddress relayed);

    /// <summary>Is this local address a relayed one of ours, opened by this machine or by one beside it?</summary>
    bool IsOpen(TransportAddress relayed);
}

/// <summary>One address of the host that relays may use.</summary>
/// <param name="Local">Port ignored.</param>
/// <param name="Announced">The same, or the public address that a 1:1 NAT maps to it. Port ignored.</param>
public sealed record RelayAddress(TransportAddress Local, TransportAddress Announced)
{
    public RelayAddress(TransportAddress local) : this(local, local) { }

    internal bool IsTranslated => !Local.SameAddress(Announced);
}
