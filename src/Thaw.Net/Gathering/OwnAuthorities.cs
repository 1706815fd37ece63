using System.Security.Cryptography.X509Certificates;

namespace Thaw.Net.Gathering;

/// <summary>Authorities that are trusted besides the system's.</summary>
public static class OwnAuthorities
{
    /// <summary>One of them vouches for the certificate. Whether its name fits is another question; revocation is not asked for.</summary>
    /// <param name="sent">What the server sent with it, which may close the gap between the two.</param>
    public static bool VouchFor(X509Certificate2 certificate, X509Chain? sent, X509Certificate2Collection? trusted)
    {
        if (trusted is null) return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.AddRange(trusted);
        if (sent is not null)
            foreach (var element in sent.ChainElements) own.ChainPolicy.ExtraStore.Add(element.Certificate);
        return own.Build(certificate);
    }
}
