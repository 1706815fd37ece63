using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Thaw.Relay.Admin;

/// <summary>The observable instruments of some meters in Prometheus' text format 0.0.4. Each is read when it is asked for.</summary>
public sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly List<Instrument> _instruments = [];
    private readonly Dictionary<Instrument, StringBuilder> _samples = [];
    private readonly Lock _lock = new();

    public PrometheusText(params IReadOnlyList<Meter> meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!instrument.IsObservable || !meters.Contains(instrument.Meter)) return;
            lock (_lock) _instruments.Add(instrument);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Asks every instrument.</summary>
    public string Scrape()
    {
        lock (_lock)
        {
            _samples.Clear();
            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (var instrument in _instruments)
            {
                if (!_samples.TryGetValue(instrument, out var samples)) continue;
                string name = NameOf(instrument);
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {Escape(instrument.Description ?? "")}\n");
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {(IsCounter(instrument) ? "counter" : "gauge")}\n").Append(samples);
            }

            return text.ToString();
        }
    }

    private void Add<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags) where T : IFormattable
    {
        if (!_samples.TryGetValue(instrument, out var samples)) _samples.Add(instrument, samples = new StringBuilder());
        samples.Append(NameOf(instrument));
        for (int i = 0; i < tags.Length; i++)
            samples.Append(i == 0 ? '{' : ',').Append(Plain(tags[i].Key)).Append("=\"").Append(Escape($"{tags[i].Value}").Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        samples.Append(tags.Length > 0 ? "} " : " ").Append(value.ToString(null, CultureInfo.InvariantCulture)).Append('\n');
    }

    // As OpenTelemetry has it: dots are underscores, then the unit, then _total.
    private static string NameOf(Instrument instrument)
        => Plain(instrument.Name) + instrument.Unit switch { "By" => "_bytes", "s" => "_seconds", _ => "" } + (IsCounter(instrument) ? "_total" : "");

    private static string Plain(string name) => name.Replace('.', '_');

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static bool IsCounter(Instrument instrument) => instrument is ObservableCounter<long> or ObservableCounter<int> or ObservableCounter<double>;
}
