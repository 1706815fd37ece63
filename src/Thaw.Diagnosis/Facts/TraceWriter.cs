using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Thaw.Diagnosis.Facts;

/// <summary>Facts as the lines of a <c>trace/1</c> file: a head, then one JSON object a fact.</summary>
public static class TraceWriter
{
    public const string Schema = "trace/1";

    public static string Head { get; } = $$"""{"kind":"trace","schema":"{{Schema}}"}""";

    public static string Line(Fact fact) => JsonSerializer.Serialize(fact, TraceJson.Plain.Fact);

    public static byte[] Write(IEnumerable<Fact> facts)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (string line in facts.Select(Line).Prepend(Head)) Encoding.UTF8.GetBytes($"{line}\n", bytes);
        return bytes.WrittenSpan.ToArray();
    }
}
