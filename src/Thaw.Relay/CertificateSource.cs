using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Thaw.Dtls;

namespace Thaw.Relay;

/// <summary>The certificate as TLS and as DTLS want it; made anew when a renewed one appears. For all threads.</summary>
internal sealed class CertificateSource(Func<X509Certificate2> current, Func<X509Certificate2Collection>? intermediates)
{
    private readonly Lock _lock = new();
    private X509Certificate2? _leaf;
    private SslStreamCertificateContext? _tls;
    private ServerCertificate? _dtls;

    public SslStreamCertificateContext ForTls()
    {
        lock (_lock)
        {
            Renew();
            return _tls!;
        }
    }

    public ServerCertificate ForDtls()
    {
        lock (_lock)
        {
            Renew();
            return _dtls!;
        }
    }

    private void Renew()
    {
        var leaf = current();
        if (ReferenceEquals(leaf, _leaf)) return;

        X509Certificate2Collection chain;
        X509Certificate2 asked;
        do // both of one renewal
        {
            asked = leaf;
            chain = intermediates?.Invoke() ?? [];
            leaf = current();
        }
        while (!ReferenceEquals(asked, leaf));

        _tls = SslStreamCertificateContext.Create(leaf, chain, offline: chain.Count > 0);
        _dtls = new ServerCertificate(leaf, chain);
        _leaf = leaf;
    }
}
