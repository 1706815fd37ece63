namespace Thaw.Probes;

/// <summary>Where a probe ended and what that means. A value that is thrown through the stages to where the report is made.</summary>
internal sealed class ProbeFault(ProbeStatus status, string cause, string why, string proof, string fix) : Exception(why)
{
    public ProbeStatus Status => status;

    public string Cause => cause;

    public string Why => Message;

    public string Proof => proof;

    public string Fix => fix;
}
