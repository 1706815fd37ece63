namespace Thaw.Protocol.Gathering;

public enum GatheredKind { ServerReflexive, Relayed }

/// <summary>An address under which peers may reach us, as long as it is listed in <see cref="Gatherer.Addresses"/>.</summary>
/// <param name="Base">
/// Server-reflexive: the local socket. Relayed: the same as <paramref name="Address"/> (RFC 8445 §5.1.1.1); packets from it go
/// through <see cref="Gatherer.SendRelayed"/>.
/// </param>
public sealed record GatheredAddress(GatheredKind Kind, TransportAddress Address, TransportAddress Base, GatheringServer Server);
