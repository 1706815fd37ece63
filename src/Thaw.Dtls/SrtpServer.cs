using System.Buffers.Binary;
using Org.BouncyCastle.Tls;
using Thaw.Protocol;

namespace Thaw.Dtls;

/// <summary>The passive side: asks for a certificate and chooses the profile.</summary>
internal sealed class SrtpServer(Negotiation negotiation, ClientHelloMeter hello, OutputQueue outputs)
    : DefaultTlsServer(negotiation.Crypto)
{
    private const ushort Dtls13 = 0xFEFC; // RFC 9147 §5.3

    protected override ProtocolVersion[] GetSupportedVersions() => ProtocolVersion.DTLSv12.Only();
    protected override int[] GetSupportedCipherSuites() => Negotiation.CipherSuites;
    protected override bool PreferLocalCipherSuites() => true;
    public override int GetHandshakeResendTimeMillis() => Negotiation.ResendMillis;
    public override int GetMaxHandshakeMessageSize() => Negotiation.MaxHandshakeMessage;
    public override bool RequiresExtendedMasterSecret() => true;
    public override bool ShouldCheckSigAlgOfPeerCerts() => false; // a self-signature proves nothing that the fingerprint does not
    public override void NotifySecureRenegotiation(bool secureRenegotiation) { } // we never renegotiate, old pion never says
    protected override bool AllowCertificateStatus() => false;

    public override void NotifyAlertRaised(short alertLevel, short alertDescription, string message, Exception cause)
        => negotiation.AlertRaised(alertLevel, alertDescription);

    public override void NotifyAlertReceived(short alertLevel, short alertDescription)
        => negotiation.AlertReceived(alertLevel, alertDescription);

    /// <summary>BouncyCastle takes the client's first group, often X25519, which it computes in managed code.</summary>
    protected override int SelectECDH(int minimumCurveBits)
    {
        int[]? offered = m_context.SecurityParameters.ClientSupportedGroups;
        return offered is null || offered.Contains(NamedGroup.secp256r1) ? NamedGroup.secp256r1 : base.SelectECDH(minimumCurveBits);
    }

    public override void ProcessClientExtensions(IDictionary<int, byte[]> clientExtensions)
    {
        base.ProcessClientExtensions(clientExtensions);

        int[] offered = clientExtensions is null ? [] : TlsSrtpUtilities.GetUseSrtpExtension(clientExtensions)?.ProtectionProfiles ?? [];
        outputs.Observe(new Observation.DtlsClientHelloReceived(
            hello.Bytes, hello.Datagrams, OffersDtls13(clientExtensions), [.. offered.Select(p => (ushort)p)]));
        negotiation.ChooseProfile(offered, Negotiation.Profiles);
    }

    public override IDictionary<int, byte[]> GetServerExtensions()
    {
        var extensions = base.GetServerExtensions();
        TlsSrtpUtilities.AddUseSrtpExtension(extensions, new UseSrtpData([(int)negotiation.Profile], TlsUtilities.EmptyBytes));
        return extensions;
    }

    public override CertificateRequest GetCertificateRequest()
        => new([ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign], Negotiation.SignatureAlgorithms, null);

    protected override TlsCredentialedSigner GetECDsaSignerCredentials() => negotiation.CredentialsFor(m_context);

    public override void NotifyClientCertificate(Certificate clientCertificate) => negotiation.CheckCertificate(clientCertificate);

    public override void NotifyHandshakeComplete() => negotiation.ExportKeys(m_context);

    private static bool OffersDtls13(IDictionary<int, byte[]>? extensions)
    {
        if (extensions is null || !extensions.TryGetValue(ExtensionType.supported_versions, out byte[]? list)) return false;
        for (int i = 1; i + 1 < list.Length; i += 2) // RFC 8446 §4.2.1: one length byte, then versions
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(list.AsSpan(i)) == Dtls13) return true;
        }

        return false;
    }
}

/// <summary>How large the ClientHello was and in how many datagrams it came.</summary>
internal sealed class ClientHelloMeter
{
    private const byte ClientHello = 1; // RFC 5246 §7.4

    public int Bytes { get; private set; }
    public int Datagrams { get; private set; }

    public void Count(ReadOnlySpan<byte> datagram)
    {
        foreach (var record in new DtlsRecords(datagram))
        {
            if (!record.IsPlainHandshake || record.MessageType != ClientHello) continue;
            Bytes = record.MessageLength;
            Datagrams++;
            return;
        }
    }

    public static bool StartsIn(ReadOnlySpan<byte> datagram)
    {
        var records = new DtlsRecords(datagram);
        return records.MoveNext() && records.Current.IsPlainHandshake && records.Current.MessageType == ClientHello;
    }
}
