namespace Thaw.Protocol.Stun;

/// <summary>
/// When one request is sent, sent again and given up (RFC 8489 §6.2.1). The first interval doubles up to the longest;
/// the whole ends sooner than the RFC's 39.5 s: somebody is waiting (docs/rfc/turn-client.md).
/// </summary>
internal readonly record struct RequestSchedule(int Transmissions, TimeSpan First, TimeSpan Longest, TimeSpan GiveUp)
{
    /// <summary>A Binding request over UDP: at 0, 500, 1000, 1500 and 2000 ms, given up at 3 s.</summary>
    public static readonly RequestSchedule Binding
        = new(5, TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(3));

    /// <summary>A TURN request over UDP: at 0, 500, 1500, 2500 and 3500 ms, given up at 5 s.</summary>
    public static readonly RequestSchedule Datagram
        = new(5, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    /// <summary>A request over TCP or TLS, which retransmit by themselves (RFC 8489 §6.2.2): once, given up at 5 s.</summary>
    public static readonly RequestSchedule Stream = new(1, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(5));

    /// <param name="sent">Transmissions so far, at least one.</param>
    public Instant NextAt(int sent, Instant now, Instant giveUpAt)
    {
        if (sent >= Transmissions) return giveUpAt;
        var interval = First * (1 << Math.Min(sent - 1, 6));
        return Instant.Earlier(now + (interval < Longest ? interval : Longest), giveUpAt);
    }
}
