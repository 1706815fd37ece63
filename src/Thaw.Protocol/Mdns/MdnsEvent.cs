namespace Thaw.Protocol.Mdns;

/// <summary>What became of a name. Each name that was asked for gets one of these, within two seconds.</summary>
public abstract record MdnsEvent
{
    private MdnsEvent() { }

    /// <param name="Addresses">At least one, port 0.</param>
    public sealed record NameResolved(string Name, IReadOnlyList<TransportAddress> Addresses) : MdnsEvent;

    public sealed record NameNotFound(string Name, MdnsFailure Reason) : MdnsEvent;
}

public enum MdnsFailure
{
    NoAnswer,     // in two seconds, or not long ago
    NotLocal,     // no single label under .local: not ours to ask for
    LimitReached, // too many names at a time
}
