using Thaw.Protocol.Dtls;

namespace Thaw.Protocol;

public abstract partial record Observation
{
    public sealed record DtlsHandshakeStarted(DtlsRole Role) : Observation;

    /// <summary>Too many handshakes are in flight on this host; this one waits for its turn.</summary>
    public sealed record DtlsHandshakeQueued(int InFlight) : Observation;

    /// <param name="Bytes">Length of the handshake message; post-quantum key shares make it exceed one datagram.</param>
    /// <param name="Datagrams">How many datagrams it came in, repeats included.</param>
    /// <param name="OffersDtls13">supported_versions names 0xFEFC (RFC 9147 §5.3).</param>
    /// <param name="OfferedProfiles">The use_srtp extension's list (RFC 5764 §4.1.2), known to us or not.</param>
    public sealed record DtlsClientHelloReceived(
        int Bytes, int Datagrams, bool OffersDtls13, IReadOnlyList<ushort> OfferedProfiles) : Observation;

    /// <param name="Flight">Numbered as in RFC 6347 figure 1: the client sends 1, 3 and 5, the server 2, 4 and 6.</param>
    public sealed record DtlsFlightSent(int Flight, int Datagrams, int Bytes) : Observation;

    /// <param name="Attempt">1 for the first repetition.</param>
    public sealed record DtlsFlightRetransmitted(int Flight, int Attempt, int Datagrams) : Observation;

    /// <param name="Description">RFC 5246 §7.2's number, and its name.</param>
    public sealed record DtlsAlertRaised(byte Level, byte Description, string Name) : Observation;

    public sealed record DtlsAlertReceived(byte Level, byte Description, string Name) : Observation;

    public sealed record DtlsConnected(string CipherSuite, SrtpProfile Profile, TimeSpan Duration) : Observation;

    public sealed record DtlsCertificateMismatch(
        CertificateFingerprint Expected, CertificateFingerprint? Actual) : Observation;
}
