namespace Thaw.Protocol.Ice;

/// <summary>What the layer above must act on.</summary>
public abstract record IceEvent
{
    private IceEvent() { }

    /// <summary>The agents agree on this pair. Comes again when a better one, or one of a new generation, takes over.</summary>
    public sealed record PairSelected(Candidate Local, Candidate Remote) : IceEvent;

    /// <summary>No pair may be sent on any more (RFC 7675 §5.1). Checks go on, so that a returning path is found.</summary>
    public sealed record ConsentLost : IceEvent;

    /// <summary>After <see cref="ConsentLost"/>: a pair works again.</summary>
    public sealed record ConsentRegained : IceEvent;

    /// <summary>Terminal for this generation: no pair can succeed and the patience of RFC 8863 is over.</summary>
    public sealed record ChecksFailed : IceEvent;
}
