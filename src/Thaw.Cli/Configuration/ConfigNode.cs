using System.Text;
using System.Text.Json;

namespace Thaw.Cli.Configuration;

/// <summary>Where something stands in a file, counted from 1.</summary>
internal readonly record struct Place(string File, int Line, int Column)
{
    public override string ToString() => $"{File}:{Line}:{Column}";
}

/// <summary>A value in a configuration file.</summary>
/// <param name="Weight">Nodes in it, those that aliases repeat counted each time.</param>
internal abstract record ConfigNode(Place Place, int Weight)
{
    public sealed record Scalar(Place Place, string Text, bool IsPlain) : ConfigNode(Place, 1)
    {
        public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL"; // YAML 1.2 §10.2.1.1
    }

    public sealed record List(Place Place, int Weight, IReadOnlyList<ConfigNode> Items) : ConfigNode(Place, Weight);

    public sealed record Map(Place Place, int Weight, IReadOnlyList<(Scalar Key, ConfigNode Value)> Members) : ConfigNode(Place, Weight);

    /// <summary>One text for each value of an option, as flags have it: <c>stage: 7</c> is <c>stage=7</c>.</summary>
    /// <returns>Null where it is nested deeper than that.</returns>
    public IReadOnlyList<string>? AsTexts(char between = '=')
    {
        switch (this)
        {
            case Scalar scalar: return [scalar.Text];
            case List list when list.Items.All(item => item is Scalar): return [.. list.Items.Cast<Scalar>().Select(item => item.Text)];
            case Map map when map.Members.All(member => member.Value is Scalar): return [.. map.Members.Select(member => $"{member.Key.Text}{between}{((Scalar)member.Value).Text}")];
            default: return null;
        }
    }

    /// <summary>For options that read JSON. Every scalar is a string.</summary>
    public string AsJson()
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes)) Write(writer);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private void Write(Utf8JsonWriter writer)
    {
        switch (this)
        {
            case Scalar scalar:
                writer.WriteStringValue(scalar.Text);
                break;
            case List list:
                writer.WriteStartArray();
                foreach (var item in list.Items) item.Write(writer);
                writer.WriteEndArray();
                break;
            case Map map:
                writer.WriteStartObject();
                foreach (var (key, value) in map.Members)
                {
                    writer.WritePropertyName(key.Text);
                    value.Write(writer);
                }

                writer.WriteEndObject();
                break;
        }
    }
}

/// <summary>A configuration file cannot be used. The message begins with where, and quotes no value.</summary>
internal sealed class ConfigException(string message) : Exception(message)
{
    public ConfigException(Place place, string message) : this($"{place}: {message}") { }
}
