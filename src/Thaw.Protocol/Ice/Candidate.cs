namespace Thaw.Protocol.Ice;

/// <summary>RFC 8445 §4. Relayed and server-reflexive candidates are learned by hosts and added like any other.</summary>
public enum CandidateType { Host, PeerReflexive, ServerReflexive, Relayed }

public enum IceRole { Controlling, Controlled }

/// <summary>RFC 8445 §5.1, component 1; the base says whether UDP or TCP. Equality is by value: two equal candidates are the same candidate.</summary>
/// <param name="Base">The local address that checks leave from; for a remote candidate the same as <paramref name="Address"/>.</param>
public sealed record Candidate(
    CandidateType Type, TransportAddress Address, TransportAddress Base, uint Priority, string Foundation);
