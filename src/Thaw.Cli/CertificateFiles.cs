using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Thaw.Cli;

/// <summary>A certificate in two PEM files. Renewed files take effect without a restart; broken ones leave the old in use.</summary>
internal sealed class CertificateFiles
{
    private readonly string _certificate;
    private readonly string _key;
    private readonly Lock _lock = new();
    private X509Certificate2 _current;
    private X509Certificate2Collection _intermediates = [];
    private DateTime _written;

    /// <exception cref="CryptographicException">They cannot be read or do not fit each other.</exception>
    public CertificateFiles(string certificate, string key)
    {
        (_certificate, _key) = (certificate, key);
        _written = Written();
        _current = Load();
    }

    public X509Certificate2 Current()
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

    private X509Certificate2 Load()
    {
        var leaf = X509Certificate2.CreateFromPemFile(_certificate, _key);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(_certificate);
        _intermediates = [.. all.Skip(1)];
        return leaf;
    }

    private DateTime Written() => new[] { _certificate, _key }.Max(File.GetLastWriteTimeUtc);
}
