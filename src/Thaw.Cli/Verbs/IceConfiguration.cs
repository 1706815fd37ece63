using System.CommandLine;
using System.Text.Json.Serialization;
using Thaw.IceServers;
using Thaw.IceServers.Checking;
using Thaw.IceServers.Reading;
using Thaw.IceServers.Sources;
using Thaw.Net.Gathering;
using Thaw.Probes;

namespace Thaw.Cli.Verbs;

/// <summary>What <c>thaw ice</c> was told: the URLs that can be tried, what is wrong with how they are written, and what the sources said.</summary>
internal sealed record IceConfiguration(IReadOnlyList<ProbeTarget> Targets, IReadOnlyList<WrittenFinding> Findings, IReadOnlyList<SourceReport> Sources)
{
    private static readonly string[] OursToMend = ["many-urls", "port-53"]; // in what a provider grants: browsers are given fewer

    private static readonly TimeSpan TolerableSkew = new IceServerPoolOptions().TolerableSkew;

    /// <summary>Nobody said anything.</summary>
    public bool IsEmpty => Targets is [] && Findings is [] && Sources is [];

    /// <summary>There is something in it with which <c>serve</c> does not start.</summary>
    public bool IsRefused => Findings.Any(f => f is { Severity: "error", Code: not "credential-expired" }) || Sources.Any(source => source.IsRefused);

    public ProbeStatus Status => IsRefused || Sources.Any(source => source.Status is ProbeStatus.Failed) ? ProbeStatus.Failed : Findings is [] ? ProbeStatus.Ok : ProbeStatus.Warning;

    /// <summary>Asks the sources, all at once, for what a browser would be given.</summary>
    public static async Task<IceConfiguration> ReadAsync(ParseResult parsed, IceSourceSurroundings around, CancellationToken cancel)
    {
        var findings = new List<WrittenFinding>();
        var servers = new List<IceServer>();
        string from = IceServerOptions.Servers.Name;
        foreach (var (name, text) in Configuration.Sources.TextsOf(parsed, IceServerOptions.Servers))
        {
            from = name;
            var reading = IceServerText.Read(text);
            servers.AddRange(reading.Servers);
            findings.AddRange(reading.Findings.Select(finding => WrittenFinding.Of(name, finding)));
        }

        var now = around.Time.GetUtcNow();
        findings.AddRange(IceServerCheck.Of(servers, now).Select(finding => WrittenFinding.Of(from, finding)));
        var lifetime = TimeSpan.FromSeconds(parsed.GetValue(IceServerOptions.Lifetime));
        var granted = await Task.WhenAll(parsed.GetValue(IceServerOptions.Sources)!.Select(spec => AskAsync(spec, around, lifetime, cancel)));
        foreach (var (report, grant) in granted)
            findings.AddRange(IceServerCheck.Of(grant.Servers, now).Where(finding => !OursToMend.Contains(finding.Code)).Select(finding => WrittenFinding.Of(report.Label, finding)));
        return new([.. servers.Concat(granted.SelectMany(one => one.Grant.Servers)).SelectMany(ProbeTarget.Of)], findings, [.. granted.Select(one => one.Report)]);
    }

    public IEnumerable<string> Lines()
    {
        foreach (string line in Findings.SelectMany(finding => finding.Lines())) yield return line;
        if (Findings is not []) yield return "";
    }

    private static async Task<(SourceReport Report, IceServerGrant Grant)> AskAsync(IceSourceSpec spec, IceSourceSurroundings around, TimeSpan lifetime, CancellationToken cancel)
    {
        if (!IceSources.TryCreate(spec, around, out var source, out string error)) return (new SourceReport(spec.Preset, ProbeStatus.Failed, 0, error) { IsRefused = true }, IceServerGrant.None);

        long began = around.Time.GetTimestamp();
        try
        {
            var grant = await source.MintAsync(new IceServerRequest(IceAudience.Browser, "check", lifetime), cancel);
            var skew = grant.ClockSkew is { } told && told.Duration() > TolerableSkew ? told : (TimeSpan?)null;
            return (Report(skew is null ? ProbeStatus.Ok : ProbeStatus.Warning) with
            {
                Urls = grant.Servers.Sum(server => server.Urls.Count),
                ExpiresAt = grant.ExpiresAt,
                ClockSkewSeconds = skew is { } off ? (int)off.TotalSeconds : null,
                Error = skew is { } far ? $"its clock is {far.Duration().TotalSeconds:0} s {(far > TimeSpan.Zero ? "ahead of" : "behind")} this machine's: set this one by NTP" : null,
            }, grant);
        }
        catch (IceSourceException e)
        {
            return (Report(ProbeStatus.Failed) with { Error = e.Message }, IceServerGrant.None);
        }

        SourceReport Report(ProbeStatus status) => new(source.Name, status, Math.Round(around.Time.GetElapsedTime(began).TotalMilliseconds));
    }
}

/// <summary>How a source of servers answered.</summary>
/// <param name="Error">What is wrong with it; no secret. Null for nothing.</param>
internal sealed record SourceReport(string Name, ProbeStatus Status, double Milliseconds, string? Error = null)
{
    public int Urls { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How far the provider's clock is ahead of ours, where that matters.</summary>
    public int? ClockSkewSeconds { get; init; }

    /// <summary>Its settings are wrong: it was not asked.</summary>
    [JsonIgnore]
    public bool IsRefused { get; init; }

    [JsonIgnore]
    public string Label => $"source {Name}";
}

/// <summary>What is wrong with how something is written.</summary>
/// <param name="Where">The flag, the variable, the place in a file, or the source.</param>
/// <param name="At">Where in <paramref name="Subject"/> it begins, from 0; absent for all of it.</param>
internal sealed record WrittenFinding(string Where, string Code, string Severity, string Text, string? Subject, int? At, string? Instead)
{
    public static WrittenFinding Of(string where, IceFinding finding) => new(
        where, finding.Code, finding.IsError ? "error" : "warning", finding.Text,
        finding.Subject.Length > 0 ? finding.Subject : null, finding.At >= 0 ? finding.At : null, finding.Instead);

    /// <summary>For a terminal.</summary>
    public IEnumerable<string> Lines()
        => new IceFinding(Code, Severity is "error" ? IceSeverity.Error : IceSeverity.Warning, Text, Subject ?? "", At ?? -1, Instead).Lines().Select(line => $"{Where}: {line}");
}
