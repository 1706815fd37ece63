namespace Thaw.Protocol.Gathering;

/// <summary>How much a gatherer may hold.</summary>
public sealed record GathererOptions
{
    /// <summary>Relayed addresses at one time, 0–16: one for each server and family, in the order of the servers.</summary>
    public int MaxRelays { get; init; } = 4;

    /// <summary>Peers' IP addresses that one relay is asked to permit at one time, 1–4096. The one used least recently makes way.</summary>
    public int MaxPermissions { get; init; } = 1000;

    /// <summary>Asks each TURN server for an IPv4 and an IPv6 address (RFC 8656 §7.1).</summary>
    public bool BothFamilies { get; init; } = true;

    /// <summary>From <see cref="GatheringEvent.ConnectionWanted"/> to a stream that can be written to.</summary>
    public TimeSpan DialDeadline { get; init; } = TimeSpan.FromSeconds(5);
}
