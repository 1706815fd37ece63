using Org.BouncyCastle.Tls;
using Thaw.Dtls.Crypto;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Dtls;

/// <summary>
/// What both roles agree on with their peer, and how it ended. BouncyCastle's callbacks write it on the fibre; the
/// engine reads it once the fibre is parked or done.
/// </summary>
internal sealed class Negotiation(DtlsParameters parameters, LocalIdentity? identity, OutputQueue outputs)
{
    /// <summary>In order of preference. GCM costs least with AES instructions and is what browsers choose.</summary>
    public static readonly int[] Profiles = [(int)SrtpProfile.AeadAes128Gcm, (int)SrtpProfile.Aes128CmHmacSha1_80];

    public static readonly int[] CipherSuites = // the first is RFC 8827 §6.5's must
    [
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ];

    public static readonly SignatureAndHashAlgorithm[] SignatureAlgorithms =
    [
        new(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa),
        new(HashAlgorithm.sha384, SignatureAlgorithm.ecdsa),
        new(HashAlgorithm.sha512, SignatureAlgorithm.ecdsa),
        SignatureAndHashAlgorithm.rsa_pss_rsae_sha256,
        new(HashAlgorithm.sha256, SignatureAlgorithm.rsa), // GStreamer's and old OpenSSL peers' certificates
        new(HashAlgorithm.sha384, SignatureAlgorithm.rsa),
        new(HashAlgorithm.sha512, SignatureAlgorithm.rsa),
    ];

    // BouncyCastle retransmits when its own wall clock says so. Zero makes that "as soon as Receive has returned
    // nothing for a millisecond", which leaves the schedule to RecordTransport; its handshake timeout is off for the
    // same reason.
    public const int ResendMillis = 0;

    public const int MaxHandshakeMessage = 8 * 1024; // a post-quantum ClientHello is 1.5 KB; bounds reassembly

    public BclTlsCrypto Crypto { get; } = new(parameters.Random);
    public SrtpProfile Profile { get; private set; }
    public SrtpKeyingMaterial? Keys { get; private set; }
    public string CipherSuiteName { get; private set; } = "";
    public DtlsFailure? Failure { get; private set; }
    public string Detail { get; private set; } = "";
    public bool PeerClosed { get; private set; }

    /// <summary>The owner has left: the alerts of BouncyCastle's way out are not sent, so not worth a word.</summary>
    public bool Abandoned { get; set; }

    /// <summary>The first reason wins: what BouncyCastle does afterwards is its consequence.</summary>
    public void Fail(DtlsFailure reason, string detail)
    {
        if (Failure is not null) return;
        Failure = reason;
        Detail = detail;
    }

    public TlsCredentialedSigner CredentialsFor(TlsContext context) => identity!.CredentialsFor(context);

    public void ChooseProfile(int[] offered, IEnumerable<int> acceptable)
    {
        int chosen = acceptable.FirstOrDefault(offered.Contains);
        if (chosen == 0)
        {
            Fail(DtlsFailure.NoCommonProfile, offered is []
                ? "The peer did not offer DTLS-SRTP (use_srtp)"
                : $"The peer offered only SRTP profiles {string.Join(", ", offered.Select(p => $"0x{p:X4}"))}");
            throw new TlsFatalAlert(AlertDescription.handshake_failure, Detail);
        }

        Profile = (SrtpProfile)chosen;
    }

    public void CheckCertificate(Certificate? chain)
    {
        byte[]? certificate = chain is null or { IsEmpty: true } ? null : chain.GetCertificateAt(0).GetEncoded();
        if (certificate is not null && parameters.RemoteFingerprint.Matches(certificate)) return;

        var actual = certificate is null ? null : CertificateFingerprint.Sha256Of(certificate);
        outputs.Observe(new Observation.DtlsCertificateMismatch(parameters.RemoteFingerprint, actual));
        Fail(DtlsFailure.FingerprintMismatch, actual is null
            ? "The peer sent no certificate"
            : $"The peer's certificate is {actual}, but its session description said {parameters.RemoteFingerprint}");
        throw new TlsFatalAlert(AlertDescription.bad_certificate, Detail);
    }

    public void AlertRaised(short level, short description)
    {
        if (Abandoned) return;
        outputs.Observe(new Observation.DtlsAlertRaised((byte)level, (byte)description, AlertDescription.GetName(description)));
    }

    public void AlertReceived(short level, short description)
    {
        string name = AlertDescription.GetName(description);
        outputs.Observe(new Observation.DtlsAlertReceived((byte)level, (byte)description, name));
        if (description == AlertDescription.close_notify) PeerClosed = true;
        if (level == AlertLevel.fatal) Fail(DtlsFailure.AlertReceived, $"The peer sent a fatal alert: {name}({description})");
    }

    /// <summary>RFC 5764 §4.2: client key, server key, client salt, server salt.</summary>
    public void ExportKeys(TlsContext context)
    {
        (int key, int salt) = Profile == SrtpProfile.AeadAes128Gcm ? (16, 12) : (16, 14); // RFC 7714 §12.3, RFC 3711 §8.2
        byte[] exported = context.ExportKeyingMaterial(ExporterLabel.dtls_srtp, null, 2 * (key + salt));
        byte[] clientKey = exported[..key], serverKey = exported[key..(2 * key)];
        byte[] clientSalt = exported[(2 * key)..(2 * key + salt)], serverSalt = exported[(2 * key + salt)..];
        Array.Clear(exported);

        Keys = parameters.Role == DtlsRole.Client
            ? new(Profile, clientKey, clientSalt, serverKey, serverSalt)
            : new(Profile, serverKey, serverSalt, clientKey, clientSalt);
        CipherSuiteName = context.SecurityParameters.CipherSuite switch
        {
            CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            var other => $"0x{other:X4}",
        };
    }
}
