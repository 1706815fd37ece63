using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Thaw.Interop.Tests.Networks;

/// <summary>A certificate for an address and for <see cref="Name"/>, in two files.</summary>
/// <param name="KeyHash">Of its key, as Chromium's --ignore-certificate-errors-spki-list takes it.</param>
internal sealed record LabCertificate(string Folder, string KeyHash) : IAsyncDisposable
{
    public const string Name = "relay.example";

    public string File => Path.Combine(Folder, "cert.pem");

    public string KeyFile => Path.Combine(Folder, "key.pem");

    /// <summary>Who issued it, where somebody did.</summary>
    public string AuthorityFile => Path.Combine(Folder, "authority.pem");

    public static Task<LabCertificate> MakeAsync(string address)
        => MakeAsync(address, (request, _) => Task.FromResult(request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1))));

    /// <summary>By an authority of its own, for clients that take no other; the authority is gone, its certificate is there.</summary>
    public static Task<LabCertificate> MakeIssuedAsync(string address) => MakeAsync(address, async (request, folder) =>
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var own = new CertificateRequest("CN=authority.example", key, HashAlgorithmName.SHA256);
        own.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        own.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        using var authority = own.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
        await System.IO.File.WriteAllTextAsync(Path.Combine(folder, "authority.pem"), authority.ExportCertificatePem());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // of a server
        return request.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
    });

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task<LabCertificate> MakeAsync(string address, Func<CertificateRequest, string, Task<X509Certificate2>> sign)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Name);
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        var made = new LabCertificate(Directory.CreateTempSubdirectory("thaw-certificate-").FullName, Convert.ToBase64String(SHA256.HashData(key.ExportSubjectPublicKeyInfo())));
        using var certificate = await sign(request, made.Folder);
        await System.IO.File.WriteAllTextAsync(made.File, certificate.ExportCertificatePem());
        await System.IO.File.WriteAllTextAsync(made.KeyFile, key.ExportPkcs8PrivateKeyPem());
        return made;
    }
}
