namespace Thaw.Protocol.Sdp;

/// <summary>Why a session description was refused, and where.</summary>
/// <param name="Line">Counted from 1; 0 if the fault is of the whole text.</param>
/// <param name="Reason">For whoever reads the log or the HTTP answer; quotes nothing secret.</param>
public sealed record SdpError(SdpFault Fault, int Line, string Reason)
{
    public override string ToString() => Line == 0 ? Reason : $"line {Line}: {Reason}";
}

public enum SdpFault
{
    TooLong,      // more text, sections, formats or attributes than any browser would send
    NotSdp,       // does not begin with v=0, or a line is not <type>=<value>
    BadOrigin,
    BadMediaLine,
    BadAttribute, // an attribute that we must understand is malformed
    BadBundle,    // two sections share a mid
}
