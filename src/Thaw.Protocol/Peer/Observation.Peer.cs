namespace Thaw.Protocol;

public abstract partial record Observation
{
    /// <summary>A signalled candidate that no check will use.</summary>
    public sealed record RemoteCandidateUnused(CandidateUnused Reason) : Observation;
}

public enum CandidateUnused { NotUdp, HostName, OtherComponent }
