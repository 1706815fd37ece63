using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Thaw.Interop.Tests.Networks;

/// <summary>A certificate for an address, in two files.</summary>
/// <param name="KeyHash">Of its key, as Chromium's --ignore-certificate-errors-spki-list takes it.</param>
internal sealed record LabCertificate(string Folder, string KeyHash) : IAsyncDisposable
{
    public string File => Path.Combine(Folder, "cert.pem");

    public string KeyFile => Path.Combine(Folder, "key.pem");

    public static async Task<LabCertificate> MakeAsync(string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=relay.example", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var made = new LabCertificate(Directory.CreateTempSubdirectory("thaw-certificate-").FullName, Convert.ToBase64String(SHA256.HashData(key.ExportSubjectPublicKeyInfo())));
        await System.IO.File.WriteAllTextAsync(made.File, certificate.ExportCertificatePem());
        await System.IO.File.WriteAllTextAsync(made.KeyFile, key.ExportPkcs8PrivateKeyPem());
        return made;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
