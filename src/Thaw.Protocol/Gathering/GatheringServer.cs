using Thaw.Protocol.Turn;

namespace Thaw.Protocol.Gathering;

public enum GatheringKind { Stun, Turn }

/// <summary>One configured and resolved ICE server.</summary>
/// <param name="Name">As configured, for observations; no secrets.</param>
/// <param name="Address">UDP or, with <see cref="TransportAddress.Over"/>, TCP. STUN is asked over UDP only.</param>
/// <param name="Tls">Only over TCP.</param>
/// <param name="HostName">Whom the certificate must name; the address as text where none was configured.</param>
/// <param name="Credential">For TURN. Null asks without: few servers allow that.</param>
public sealed record GatheringServer(
    string Name, TransportAddress Address, GatheringKind Kind, bool Tls = false, string HostName = "", TurnCredential? Credential = null);
