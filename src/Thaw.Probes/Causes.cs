namespace Thaw.Probes;

/// <summary>Ids of the catalogue of causes that a probe of a server can establish.</summary>
public static class Causes
{
    public const string NameNotFound = "stun-dns-failure";
    public const string StunUnreachable = "stun-unreachable";
    public const string TurnUdpUnreachable = "turn-udp-unreachable";
    public const string TurnTcpUnreachable = "turn-tcp-unreachable";
    public const string CertificateWrongName = "turns-certificate-wrong-name";
    public const string CertificateExpired = "turns-certificate-expired";
    public const string CertificateUntrusted = "turns-certificate-untrusted";
    public const string TlsFailed = "turns-handshake-failed";
    public const string NotStun = "not-a-stun-server";
    public const string BadCredentials = "turn-bad-credentials";
    public const string ExpiredCredentials = "turn-expired-credentials";
    public const string ReversedUsername = "turn-rest-username-reversed";
    public const string RealmMissing = "turn-realm-missing";
    public const string RealmMismatch = "turn-realm-mismatch";
    public const string NonceLoop = "turn-nonce-loop";
    public const string OpenRelay = "turn-open-relay";
    public const string QuotaReached = "turn-quota-reached";
    public const string NoCapacity = "turn-no-capacity";
    public const string PeerForbidden = "turn-peer-forbidden";
    public const string AllocationRefused = "turn-allocation-refused";
    public const string Forbidden = "turn-allocation-forbidden";
    public const string Draining = "turn-redirected";
    public const string ExternalIpMissing = "turn-external-ip-missing";
    public const string RelaysNothing = "turn-relay-ports-blocked";
    public const string UdpBlocked = "client-udp-blocked";
    public const string UdpOnly = "turn-udp-only-url";
    public const string NoRoute = "no-usable-interface";
}
