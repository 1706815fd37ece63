namespace Thaw.Protocol;

public abstract partial record Observation
{
    /// <summary>A signalled candidate that no check will use.</summary>
    public sealed record RemoteCandidateUnused(CandidateUnused Reason) : Observation;

    /// <summary>A signalled candidate hides its address behind a name; the name's address, if it is found, is learned later.</summary>
    public sealed record RemoteCandidateHidden(string Name) : Observation;

    /// <summary>Connected, the peer said that it sends audio, and hardly any came in its time.</summary>
    /// <param name="Received">Audio packets that came all the same.</param>
    /// <param name="Sent">Audio packets that we sent meanwhile.</param>
    public sealed record FirstMediaMissing(long Received, long Sent) : Observation;
}

public enum CandidateUnused
{
    NotUdp,
    HostName,       // a name of the internet, never looked up; or too many at a time
    NameUnresolved, // a browser's hidden address (mDNS) that nobody on this link knows
    OtherComponent,
}
