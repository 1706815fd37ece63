namespace Thaw.Protocol.Turn;

/// <summary>
/// What identifies an allocation (RFC 8656 §2): both ends of the client's path; the addresses carry the protocol.
/// </summary>
/// <param name="Client">As the server sees it, so outside the client's NAT.</param>
/// <param name="Server">The listener's address that the client sends to.</param>
public readonly record struct FiveTuple(TransportAddress Client, TransportAddress Server);
