namespace Thaw.Protocol.Gathering;

/// <summary>What the host must act on.</summary>
public abstract record GatheringEvent
{
    private GatheringEvent() { }

    /// <summary><see cref="Gatherer.Addresses"/> differs from what it was.</summary>
    public sealed record AddressesChanged : GatheringEvent;

    /// <summary>Every server has answered, failed or timed out since it was set.</summary>
    public sealed record Settled : GatheringEvent;

    /// <summary>
    /// Dial, with TLS if asked and a certificate that names <paramref name="ServerName"/>, and call
    /// <see cref="Gatherer.Connected"/> or <see cref="Gatherer.Disconnected"/>, which ends the wait in any case:
    /// after <see cref="GathererOptions.DialDeadline"/> the gatherer gives up by itself.
    /// </summary>
    /// <param name="Id">Names the connection from here on; never used again for another.</param>
    public sealed record ConnectionWanted(int Id, TransportAddress Server, bool Tls, string ServerName) : GatheringEvent;

    /// <summary>Close the connection or stop dialling; what was sent on it before still goes out. No answer is due.</summary>
    public sealed record ConnectionUnwanted(int Id) : GatheringEvent;
}
