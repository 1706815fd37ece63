using System.Text;
using System.Text.Json;

namespace Thaw.Diagnosis.Facts;

/// <summary>Reads <c>trace/1</c>. Never throws: a line that is no fact is counted and passed over, so that an old program reads a new trace.</summary>
public static class TraceReader
{
    public const int MaxFacts = 50_000;
    private const int MaxLine = 64 * 1024;
    private const int MaxQuote = 200;

    public static Trace Read(ReadOnlySpan<byte> utf8)
    {
        List<Fact> facts = [];
        List<string> lines = [];
        int unknown = 0, malformed = 0, leftOut = 0;
        bool hasHead = false;

        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        foreach (var range in utf8.Split((byte)'\n'))
        {
            var line = utf8[range].TrimEnd((byte)'\r');
            string text = Encoding.UTF8.GetString(line[..Math.Min(line.Length, MaxLine)]);
            lines.Add(text);
            if (line.Trim(" \t"u8).Length == 0) continue;
            if (facts.Count == MaxFacts)
            {
                leftOut++;
                continue;
            }

            switch (line.Length > MaxLine ? null : TryKind(line))
            {
                case null: malformed++; break;
                case "trace": hasHead |= lines.Count == 1 && text.Contains($"\"{TraceWriter.Schema}\"", StringComparison.Ordinal); break;
                case var kind when !FactKinds.All.Contains(kind): unknown++; break;
                case var _ when TryFact(line) is { } fact: facts.Add(fact with { From = new Locator(lines.Count, Quote(text)) }); break;
                default: malformed++; break;
            }
        }

        return new Trace(facts, new InputText(lines), unknown, malformed, leftOut, hasHead);
    }

    private static string? TryKind(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 16 });
            string? kind = null;
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return null;
            while (reader.Read())
            {
                if (reader.TokenType is not JsonTokenType.PropertyName || reader.CurrentDepth != 1 || kind is not null) continue;
                if (!reader.ValueTextEquals("kind"u8)) continue;
                if (!reader.Read() || reader.TokenType is not JsonTokenType.String) return null;
                kind = reader.GetString();
            }

            return kind;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // half a surrogate
        {
            return null;
        }
    }

    private static Fact? TryFact(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, TraceJson.Plain.Fact);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Quote(string line)
    {
        if (line.Length <= MaxQuote) return line;
        return line[..(char.IsHighSurrogate(line[MaxQuote - 1]) ? MaxQuote - 1 : MaxQuote)];
    }
}

internal static class FactKinds
{
    public static readonly HashSet<string> All =
    [
        "environment", "permission", "capture", "devices", "client", "http", "ice-servers", "setup-failed", "gathering", "candidate", "candidate-error", "candidate-refused",
        "description", "state", "pair", "transport", "channel", "media", "rtvi", "server-attempt", "relay", "probe", "host-check", "nat", "stall", "ended", "still",
    ];
}
