using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Thaw.Cli;

/// <summary>A certificate in two PEM files. Renewed files take effect without a restart; broken ones leave the old in use.</summary>
internal sealed class CertificateFiles
{
    private readonly string _certificate;
    private readonly string _key;
    private readonly Lock _lock = new();
    private SslStreamCertificateContext _current;
    private X509Certificate2Collection _intermediates = [];
    private DateTime _written;

    /// <exception cref="CryptographicException">They cannot be read or do not fit each other.</exception>
    public CertificateFiles(string certificate, string key)
    {
        (_certificate, _key) = (certificate, key);
        _written = Written();
        _current = Load();
    }

    public X509Certificate2 Current() => Context().TargetCertificate;

    /// <summary>With the chain that clients need to trust it.</summary>
    public SslStreamCertificateContext Context()
    {
        lock (_lock)
        {
            try
            {
                if (Written() is var written && written != _written)
                {
                    _current = Load();
                    _written = written;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // In the middle of being renewed: the next handshake looks again.
            }

            return _current;
        }
    }

    /// <summary>What stands behind the current one in its file.</summary>
    public X509Certificate2Collection Intermediates()
    {
        lock (_lock) return _intermediates;
    }

    // Offline: what is not in the file is not fetched from the issuer.
    private SslStreamCertificateContext Load()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificate);
        _intermediates = [.. chain.Skip(1)];
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(_certificate, _key), chain, offline: true);
    }

    private DateTime Written() => new[] { _certificate, _key }.Max(File.GetLastWriteTimeUtc);
}
