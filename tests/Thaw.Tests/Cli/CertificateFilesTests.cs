using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Thaw.Cli;
using Xunit;

namespace Thaw.Tests.Cli;

public sealed class CertificateFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("thaw-certificates-").FullName;

    private string Certificate => Path.Combine(_folder, "cert.pem");

    private string Key => Path.Combine(_folder, "key.pem");

    [Fact]
    public void The_chain_in_the_file_is_sent_with_the_certificate()
    {
        using var root = Authority("root", issuer: null);
        using var between = Authority("between", root);
        Write(Issue("leaf", between), between);

        var context = new CertificateFiles(Certificate, Key).Context();

        Assert.Equal("CN=leaf", context.TargetCertificate.Subject);
        Assert.Equal(["CN=between"], context.IntermediateCertificates.Select(c => c.Subject));
    }

    [Fact]
    public void Renewed_files_take_effect_and_broken_ones_do_not()
    {
        using var root = Authority("root", issuer: null);
        Write(Issue("one", root));
        var files = new CertificateFiles(Certificate, Key);

        File.WriteAllText(Certificate, "half a file");
        File.SetLastWriteTimeUtc(Certificate, DateTime.UtcNow.AddMinutes(1));
        Assert.Equal("CN=one", files.Current().Subject);

        Write(Issue("two", root));
        File.SetLastWriteTimeUtc(Certificate, DateTime.UtcNow.AddMinutes(2));
        Assert.Equal("CN=two", files.Context().TargetCertificate.Subject);
        Assert.Same(files.Context(), files.Context());
    }

    [Theory]
    [InlineData("serve --cert a.pem", "--cert and --key belong together.")]
    [InlineData("serve --cert /nowhere/a.pem --key /nowhere/b.pem", "/nowhere/a.pem")]
    public void What_is_missing_is_named(string line, string named)
    {
        var parsed = new System.CommandLine.RootCommand { Thaw.Cli.Verbs.Serve.Command() }.Parse(line);
        var refused = Assert.ThrowsAny<Exception>(() => Thaw.Cli.Verbs.RelayInsideOptions.Certificate(parsed));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static X509Certificate2 Authority(string name, X509Certificate2? issuer) => Issue(name, issuer, isAuthority: true);

    private static X509Certificate2 Issue(string name, X509Certificate2? issuer, bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        if (issuer is null) return request.CreateSelfSigned(from, until);
        using var issued = request.Create(issuer, from, issuer.NotAfter, [1, 2, 3]);
        return issued.CopyWithPrivateKey(key);
    }

    private void Write(X509Certificate2 leaf, params X509Certificate2[] chain)
    {
        using var key = leaf.GetECDsaPrivateKey()!;
        File.WriteAllText(Certificate, string.Join('\n', [leaf.ExportCertificatePem(), .. chain.Select(c => c.ExportCertificatePem())]));
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
        leaf.Dispose();
    }
}
