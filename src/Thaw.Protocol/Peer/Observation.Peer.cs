namespace Thaw.Protocol;

public abstract partial record Observation
{
    /// <summary>A signalled candidate that no check will use.</summary>
    public sealed record RemoteCandidateUnused(CandidateUnused Reason) : Observation;
}

public enum CandidateUnused
{
    NotUdp,
    HostName,       // a name of the internet, never looked up; or too many at a time
    NameUnresolved, // a browser's hidden address (mDNS) that nobody on this link knows
    OtherComponent,
}
