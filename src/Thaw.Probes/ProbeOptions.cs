using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Thaw.Probes;

/// <summary>How servers are tried.</summary>
public sealed record ProbeOptions
{
    /// <summary>For one URL from the look-up of its name to the packet that came back: with the start of a process less than the 3 s in which a list must be judged.</summary>
    public TimeSpan Whole { get; init; } = TimeSpan.FromSeconds(2.4);

    /// <summary>For the packet through the relay, once both ends have an allocation.</summary>
    public TimeSpan Relayed { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>For giving the allocations back: nobody waits longer for a goodbye.</summary>
    public TimeSpan Farewell { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>URLs that are tried at once; the others wait for their turn.</summary>
    public int AtOnce { get; init; } = 64;

    /// <summary>Certificates to trust besides the system's.</summary>
    public X509Certificate2Collection? Trusted { get; init; }

    /// <summary>What the realm is meant to be; null: whatever the server says.</summary>
    public string? Realm { get; init; }

    /// <summary>A certificate that ends within this time is worth a warning.</summary>
    public TimeSpan CertificateNotice { get; init; } = TimeSpan.FromDays(14);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The system's resolver, or a test's.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = static (name, cancel) => Dns.GetHostAddressesAsync(name, cancel);
}
