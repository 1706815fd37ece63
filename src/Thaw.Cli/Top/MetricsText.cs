using System.Globalization;

namespace Thaw.Cli.Top;

/// <summary>What <c>/metrics</c> said, and when.</summary>
internal sealed class MetricsText
{
    private readonly List<(string Name, string Labels, double Value)> _samples = [];

    private MetricsText(DateTimeOffset at) => At = at;

    public static MetricsText Empty { get; } = new(default);

    public DateTimeOffset At { get; }

    /// <summary>Lines that are no samples are passed over.</summary>
    public static MetricsText Parse(string text, DateTimeOffset at)
    {
        var parsed = new MetricsText(at);
        foreach (string line in text.Split('\n'))
        {
            int space = line.LastIndexOf(' ');
            if (line.StartsWith('#') || space < 0 || !double.TryParse(line.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) continue;
            string series = line[..space];
            int brace = series.IndexOf('{', StringComparison.Ordinal);
            parsed._samples.Add(brace < 0 ? (series, "", value) : (series[..brace], series[brace..].Trim('{', '}'), value));
        }

        return parsed;
    }

    /// <summary>Of all series of the name that have these labels: <c>family="ipv4",state="used"</c>.</summary>
    public double Sum(string name, string labels = "")
        => _samples.Where(sample => sample.Name == name && sample.Labels.Contains(labels, StringComparison.Ordinal)).Sum(sample => sample.Value);

    /// <summary>Of a name that has one label: its values that are there, and the sample of each.</summary>
    public IEnumerable<(string Label, double Value)> By(string name)
        => _samples.Where(sample => sample.Name == name).Select(sample => (sample.Labels.Split('"') is [_, var label, ..] ? label : "", sample.Value));

    public double PerSecond(MetricsText before, string name, string labels = "") => PerSecond(before, Sum(name, labels) - before.Sum(name, labels));

    /// <summary>What became more since <paramref name="before"/>, a second.</summary>
    public IEnumerable<(string Label, double Value)> PerSecondBy(MetricsText before, string name)
    {
        var then = before.By(name).ToDictionary(StringComparer.Ordinal);
        return By(name).Select(now => (now.Label, PerSecond(before, now.Value - then.GetValueOrDefault(now.Label))));
    }

    private double PerSecond(MetricsText before, double more) => before == Empty || At <= before.At ? 0 : Math.Max(0, more / (At - before.At).TotalSeconds);
}
