using System.Text.Json.Serialization;

namespace Thaw.Probes;

/// <summary>What one URL is worth, from here and now.</summary>
public sealed record UrlReport
{
    public required string Url { get; init; }

    public required ProbeStatus Status { get; init; }

    /// <summary>Of the catalogue; null where nothing is wrong.</summary>
    public string? Cause { get; init; }

    /// <summary>One sentence; null where nothing is wrong.</summary>
    public string? Why { get; init; }

    /// <summary>What was seen that says so: the server's own words, where it had some.</summary>
    public string? Proof { get; init; }

    public string? Fix { get; init; }

    /// <summary>The stages that were gone through, in their order, the last one being where it ended.</summary>
    public IReadOnlyList<ProbeStep> Steps { get; init; } = [];

    /// <summary>The address that was tried, of those that the name has.</summary>
    public string? Server { get; init; }

    /// <summary>Our address as the server sees it.</summary>
    public string? Mapped { get; init; }

    /// <summary>What a relay gave us.</summary>
    public string? Relayed { get; init; }

    public string? Realm { get; init; }

    /// <summary>What the server calls itself.</summary>
    public string? Software { get; init; }

    public CertificateReport? Certificate { get; init; }

    /// <summary>What is worth knowing and harms nobody.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>Worst last: the worst of a list is the list's.</summary>
public enum ProbeStatus
{
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Works, but not for everyone or not for long.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Does not work from here.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <param name="Name">dns, connect, tls, binding, challenge, allocate, permission, relay.</param>
/// <param name="Milliseconds">How long it took; for the last of a failed probe, how long was waited.</param>
public sealed record ProbeStep(string Name, bool Done, double Milliseconds);

/// <param name="ExpiresInDays">Negative: it is over.</param>
public sealed record CertificateReport(string Subject, string Issuer, DateTimeOffset NotAfter, int ExpiresInDays);

/// <summary>What all of them together say.</summary>
/// <param name="Findings">That no single URL could tell: UDP that is blocked, say.</param>
public sealed record IceReport(IReadOnlyList<UrlReport> Urls, IReadOnlyList<ListFinding> Findings, double Milliseconds)
{
    public ProbeStatus Status => Urls.Count == 0 ? ProbeStatus.Ok : Urls.Max(u => u.Status);
}

/// <param name="Cause">Of the catalogue.</param>
public sealed record ListFinding(ProbeStatus Status, string Cause, string Why, string Fix);
