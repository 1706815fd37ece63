namespace Thaw.Protocol.Turn;

/// <param name="MaxPermissions">Peers' IP addresses at one time, 1–4096; the one used least recently makes way.</param>
/// <param name="BothFamilies">Asks for an IPv6 address besides the IPv4 one (RFC 8656 §7.1).</param>
public sealed record TurnClientOptions(int MaxPermissions = 1000, bool BothFamilies = true);
