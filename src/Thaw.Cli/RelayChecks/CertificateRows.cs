using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Thaw.Cli.RelayChecks;

/// <summary>The certificate of TLS, as clients will judge it.</summary>
internal static class CertificateRows
{
    private const int WarnDays = 30, ProblemDays = 7;
    private const string Readable = "rights for the service's user on both files, for example by the group ssl-cert";

    public static IEnumerable<CheckRow> Judge(RelayPlan plan, Machine machine)
    {
        if (plan.Certificate is null && plan.Key is null)
            return [CheckRow.Warning("tls", "no certificate: clients whose network lets only TLS through do not get here.", "--cert fullchain.pem --key privkey.pem --tls-port 443")];
        if (plan.Certificate is null || plan.Key is null) return [CheckRow.Problem("certificate", "--cert and --key belong together.", "give both")];

        try
        {
            string certificates = File.ReadAllText(plan.Certificate);
            return [.. Rights(plan.Key), .. Judge(certificates, File.ReadAllText(plan.Key), plan.ServerName, machine.Now)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [CheckRow.Problem("certificate", $"cannot be read: {e.Message}", Readable)];
        }
    }

    /// <param name="certificates">PEM: the server's own first, then those that vouch for it.</param>
    internal static IEnumerable<CheckRow> Judge(string certificates, string key, string? serverName, DateTimeOffset now)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(certificates);
        }
        catch (CryptographicException)
        {
            // As with none in it.
        }

        if (all is not [var own, ..]) return [CheckRow.Problem("certificate", "the file of --cert has no certificate in PEM in it.", "openssl x509 -inform der -in FILE -out fullchain.pem")];
        return [Key(certificates, key), Dates(own, now), Name(own, serverName), Chain(all, now)];
    }

    private static IEnumerable<CheckRow> Rights(string key)
    {
        if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(key) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) == 0) yield break;
        yield return CheckRow.Warning("key-rights", "every user of this machine may read the private key.", "chmod o-rw KEY");
    }

    private static CheckRow Key(string certificates, string key)
    {
        const string code = "certificate-key";
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal)) return CheckRow.Problem(code, "the private key is encrypted: nobody is there to type its password.", "openssl pkey -in KEY -out PLAIN");
        try
        {
            using var pair = X509Certificate2.CreateFromPem(certificates, key);
            return CheckRow.Ok(code, "certificate and key belong together.");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return CheckRow.Problem(code, "the private key is not that of the certificate, or none at all.", "openssl x509 -noout -pubkey -in CERT; openssl pkey -pubout -in KEY    # both must print the same");
        }
    }

    private static CheckRow Dates(X509Certificate2 own, DateTimeOffset now)
    {
        const string code = "certificate-dates";
        DateTimeOffset from = own.NotBefore.ToUniversalTime(), until = own.NotAfter.ToUniversalTime();
        if (now < from) return CheckRow.Problem(code, $"the certificate is not valid before {from:yyyy-MM-dd HH:mm}Z.", "date -u    # or is the clock wrong?");

        double days = (until - now).TotalDays;
        const string renew = "renew it; the new files are read at the next handshake";
        return days switch
        {
            < 0 => CheckRow.Problem(code, $"the certificate expired on {until:yyyy-MM-dd}.", renew),
            < ProblemDays => CheckRow.Problem(code, $"the certificate expires on {until:yyyy-MM-dd}, in {Math.Floor(days)} days: its renewal does not work.", renew),
            < WarnDays => CheckRow.Warning(code, $"the certificate expires on {until:yyyy-MM-dd}, in {Math.Floor(days)} days.", renew),
            _ => CheckRow.Ok(code, $"the certificate is valid until {until:yyyy-MM-dd}."),
        };
    }

    private static CheckRow Name(X509Certificate2 own, string? serverName)
    {
        const string code = "certificate-name";
        string names = string.Join(", ", own.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString()))));
        if (names.Length == 0) return CheckRow.Problem(code, "the certificate names no host (subjectAltName): browsers refuse it.", "get one for the name in your turns: URL");
        if (serverName is null) return CheckRow.Unknown(code, $"the certificate is for {names}.", "--server-name NAME    # as in your turns: URL, to hold it against");
        return own.MatchesHostname(serverName, allowWildcards: true, allowCommonName: false)
            ? CheckRow.Ok(code, $"the certificate is for {serverName}.")
            : CheckRow.Problem(code, $"the certificate is for {names}, not for {serverName}.", $"use one of those names in turns: URLs, or get a certificate for {serverName}");
    }

    // Nothing is asked from the network: a client may not be able to either.
    private static CheckRow Chain(X509Certificate2Collection all, DateTimeOffset now)
    {
        const string code = "certificate-chain";
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ExtraStore.AddRange(all);
        if (chain.Build(all[0])) return CheckRow.Ok(code, "the chain ends at an authority that this machine trusts.");

        if (all[0].SubjectName.RawData.AsSpan().SequenceEqual(all[0].IssuerName.RawData))
            return CheckRow.Warning(code, "the certificate vouches for itself: browsers refuse it.", "get one from an authority such as Let's Encrypt");
        if (chain.ChainStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.PartialChain)))
            return CheckRow.Problem(code, $"the certificate of \"{all[0].Issuer}\", which vouches for it, is not in the file: many clients will not find it.", "--cert fullchain.pem    # not cert.pem");
        return CheckRow.Warning(code, $"the chain does not end at an authority that this machine trusts: {string.Join(", ", chain.ChainStatus.Select(status => status.Status))}.", "get one from an authority such as Let's Encrypt");
    }
}
