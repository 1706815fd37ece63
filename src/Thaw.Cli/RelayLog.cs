using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Thaw.Protocol;

namespace Thaw.Cli;

/// <summary>
/// What a relay's owner wants to read: why somebody got no relay, and what would change it. No more than so many lines a
/// second, whoever knocks. Addresses only where asked for.
/// </summary>
internal sealed class RelayLog(TextWriter writer, bool isVerbose, bool isJson = false, TimeProvider? time = null)
{
    private const int LinesPerSecond = 20;

    private readonly RelayWords _words = new(isVerbose);
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly HashSet<string> _recent = [];
    private long _second;
    private int _left;

    public void Write(Observation fact)
    {
        if (_words.Describe(fact) is not { } line) return;
        lock (_lock)
        {
            long second = _time.GetUtcNow().ToUnixTimeSeconds();
            if (second != _second)
            {
                if (_left > 0) Print(new RelayLogLine("left-out", $"{_left} lines left out") { Count = _left });
                (_second, _left) = (second, 0);
                _recent.Clear();
            }

            if (_recent.Count < LinesPerSecond && _recent.Add(line.Text)) Print(line);
            else _left++; // the same again, or too much
        }
    }

    /// <summary>What the relay itself did: never left out.</summary>
    public void Say(string @event, string text)
    {
        lock (_lock) Print(new RelayLogLine(@event, text));
    }

    private void Print(RelayLogLine line)
    {
        if (isJson) writer.WriteLine(JsonSerializer.Serialize(line with { Time = _time.GetUtcNow().UtcDateTime }, RelayLogJson.Default.RelayLogLine));
        else if (line.IsOurs) writer.WriteLine($"{Now()} {line.Event}: {line.Text}");
        else writer.WriteLine($"{Now()} {line.Text}");
    }

    private string Now() => _time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}

/// <summary>One line of the log; with <c>--log json</c> as it stands, what is null left out.</summary>
/// <param name="Event">refused, allocated, moved, ended, credential-reversed, credential-lasts-too-long, suppressed, rate-exceeded, reloaded,
/// not-reloaded, draining, drained, left-out.</param>
/// <param name="Text">For people: the same as without <c>--log json</c>.</param>
internal sealed record RelayLogLine(string Event, string Text)
{
    [JsonPropertyOrder(-1)]
    public DateTime? Time { get; init; }

    /// <summary>Stable: see <see cref="Protocol.Turn.TurnCauses"/>.</summary>
    public string? Cause { get; init; }

    /// <summary>The kind of refusal within its cause.</summary>
    public string? Kind { get; init; }

    public int? Code { get; init; }
    public string? Method { get; init; }
    public string? User { get; init; }
    public string? Rule { get; init; }

    /// <summary>Only with <c>--verbose</c>.</summary>
    public string? Peer { get; init; }

    /// <summary>Only with <c>--verbose</c>.</summary>
    public string? Client { get; init; }

    public int? Count { get; init; }

    [JsonIgnore]
    public bool IsOurs => Event is "reloaded" or "not-reloaded" or "draining" or "drained";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RelayLogLine))]
internal sealed partial class RelayLogJson : JsonSerializerContext;
