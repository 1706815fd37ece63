using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Thaw.Net.Gathering;

namespace Thaw.Probes.Lines;

internal enum CertificateFault { Missing, WrongName, Expired, NotYetValid, Untrusted }

internal sealed class CertificateException(ServerCertificate shown, Exception inner) : Exception($"The certificate is not good: {shown.Fault}.", inner)
{
    public ServerCertificate Shown => shown;
}

/// <summary>What a server showed in the handshake. Browsers tell none of these faults apart.</summary>
internal sealed record ServerCertificate(CertificateFault? Fault, string Subject, string Issuer, string Names, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    public static ServerCertificate Read(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection? trusted)
    {
        if (certificate is not X509Certificate2 shown) return new(CertificateFault.Missing, "", "", "", default, default);

        DateTimeOffset now = DateTimeOffset.UtcNow, from = shown.NotBefore.ToUniversalTime(), to = shown.NotAfter.ToUniversalTime();
        CertificateFault? fault = now > to ? CertificateFault.Expired
            : now < from ? CertificateFault.NotYetValid
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? CertificateFault.WrongName
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && !OwnAuthorities.VouchFor(shown, chain, trusted) ? CertificateFault.Untrusted
            : null;
        return new(fault, shown.GetNameInfo(X509NameType.SimpleName, forIssuer: false), shown.GetNameInfo(X509NameType.SimpleName, forIssuer: true), NamesOf(shown), from, to);
    }

    public CertificateReport Report(DateTimeOffset now) => new(Subject, Issuer, NotAfter, (int)Math.Floor((NotAfter - now).TotalDays));

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null ? "" : string.Join(", ", [.. names.EnumerateDnsNames(), .. names.EnumerateIPAddresses().Select(address => address.ToString())]);
    }
}
