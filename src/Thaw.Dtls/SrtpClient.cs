using Org.BouncyCastle.Tls;

namespace Thaw.Dtls;

/// <summary>The active side: offers the profiles, proves its certificate, checks the server's.</summary>
internal sealed class SrtpClient(Negotiation negotiation) : AbstractTlsClient(negotiation.Crypto)
{
    protected override ProtocolVersion[] GetSupportedVersions() => ProtocolVersion.DTLSv12.Only();
    protected override int[] GetSupportedCipherSuites() => Negotiation.CipherSuites;
    public override int GetHandshakeResendTimeMillis() => Negotiation.ResendMillis;
    public override int GetMaxHandshakeMessageSize() => Negotiation.MaxHandshakeMessage;
    public override bool RequiresExtendedMasterSecret() => true;
    public override bool ShouldCheckSigAlgOfPeerCerts() => false;
    public override void NotifySecureRenegotiation(bool secureRenegotiation) { }
    protected override CertificateStatusRequest? GetCertificateStatusRequest() => null;
    protected override IList<SignatureAndHashAlgorithm> GetSupportedSignatureAlgorithms() => Negotiation.SignatureAlgorithms;
    protected override IList<int> GetSupportedGroups(IList<int> namedGroupRoles) => [NamedGroup.secp256r1, NamedGroup.secp384r1];

    public override void NotifyAlertRaised(short alertLevel, short alertDescription, string message, Exception cause)
        => negotiation.AlertRaised(alertLevel, alertDescription);

    public override void NotifyAlertReceived(short alertLevel, short alertDescription)
        => negotiation.AlertReceived(alertLevel, alertDescription);

    public override IDictionary<int, byte[]> GetClientExtensions()
    {
        var extensions = base.GetClientExtensions();
        extensions.Remove(ExtensionType.encrypt_then_mac); // says nothing about AEAD suites
        TlsSrtpUtilities.AddUseSrtpExtension(extensions, new UseSrtpData(Negotiation.Profiles, TlsUtilities.EmptyBytes));
        return extensions;
    }

    public override void ProcessServerExtensions(IDictionary<int, byte[]> serverExtensions)
    {
        base.ProcessServerExtensions(serverExtensions);
        int[] chosen = serverExtensions is null ? [] : TlsSrtpUtilities.GetUseSrtpExtension(serverExtensions)?.ProtectionProfiles ?? [];
        negotiation.ChooseProfile(chosen is [_] ? chosen : [], Negotiation.Profiles);
    }

    public override TlsAuthentication GetAuthentication() => new Authentication(negotiation, m_context);

    public override void NotifyHandshakeComplete() => negotiation.ExportKeys(m_context);

    private sealed class Authentication(Negotiation negotiation, TlsContext context) : TlsAuthentication
    {
        public void NotifyServerCertificate(TlsServerCertificate serverCertificate)
            => negotiation.CheckCertificate(serverCertificate.Certificate);

        public TlsCredentials GetClientCredentials(CertificateRequest certificateRequest) => negotiation.CredentialsFor(context);
    }
}
