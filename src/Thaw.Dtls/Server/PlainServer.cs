using Org.BouncyCastle.Tls;

namespace Thaw.Dtls;

/// <summary>A server as RFC 6347 has it, without SRTP: it proves its certificate, asks for none and exports no keys.</summary>
internal sealed class PlainServer(Negotiation negotiation, ServerCertificate certificate, IReadOnlyList<string> protocols)
    : DefaultTlsServer(negotiation.Crypto)
{
    private static readonly int[] ECDsaSuites =
        [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384];

    private static readonly int[] RsaSuites =
        [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384];

    protected override ProtocolVersion[] GetSupportedVersions() => ProtocolVersion.DTLSv12.Only();
    protected override int[] GetSupportedCipherSuites() => certificate.IsRsa ? RsaSuites : ECDsaSuites;
    protected override bool PreferLocalCipherSuites() => true;
    public override int GetHandshakeResendTimeMillis() => Negotiation.ResendMillis;
    public override int GetMaxHandshakeMessageSize() => Negotiation.MaxHandshakeMessage;
    public override void NotifySecureRenegotiation(bool secureRenegotiation) { }
    protected override bool AllowCertificateStatus() => false;

    // RFC 7301: who offers only others is refused, who offers none is served.
    protected override IList<ProtocolName> GetProtocolNames() => [.. protocols.Select(ProtocolName.AsUtf8Encoding)];

    public override void NotifyAlertRaised(short alertLevel, short alertDescription, string message, Exception cause)
        => negotiation.AlertRaised(alertLevel, alertDescription);

    public override void NotifyAlertReceived(short alertLevel, short alertDescription)
        => negotiation.AlertReceived(alertLevel, alertDescription);

    protected override int SelectECDH(int minimumCurveBits)
    {
        int[]? offered = m_context.SecurityParameters.ClientSupportedGroups;
        return offered is null || offered.Contains(NamedGroup.secp256r1) ? NamedGroup.secp256r1 : base.SelectECDH(minimumCurveBits);
    }

    protected override TlsCredentialedSigner GetECDsaSignerCredentials() => Credentials();

    protected override TlsCredentialedSigner GetRsaSignerCredentials() => Credentials();

    private TlsCredentialedSigner Credentials()
        => certificate.CredentialsFor(m_context) ?? throw new TlsFatalAlert(AlertDescription.handshake_failure, "No common signature algorithm");
}
