using System.Text.Json;

namespace Thaw.Audit.Npm;

/// <summary>Every string value of a JSON text with the names that lead to it and its line.</summary>
internal static class JsonStrings
{
    /// <param name="Path">The property names from the outside in; array places have none.</param>
    public readonly record struct Found(string[] Path, string Value, int Line);

    /// <returns>What stands before the first mistake, if there is one: a broken file is its owner's to mend, not ours to refuse.</returns>
    public static IReadOnlyList<Found> Read(ReadOnlySpan<byte> utf8, Func<string[], bool> wanted)
    {
        var all = new List<Found>();
        var path = new List<string>();
        string? name = null;
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 64 });
        int line = 1, counted = 0;
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = reader.GetString();
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        path.Add(name ?? "");
                        name = null;
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        path.RemoveAt(path.Count - 1);
                        name = null;
                        break;
                    case JsonTokenType.String:
                        string[] at = [.. path.Where(part => part.Length > 0), .. name is null ? Array.Empty<string>() : [name]];
                        if (wanted(at))
                        {
                            int start = (int)reader.TokenStartIndex;
                            line += utf8[counted..start].Count((byte)'\n');
                            counted = start;
                            all.Add(new Found(at, reader.GetString()!, line));
                        }

                        name = null;
                        break;
                    default:
                        name = null;
                        break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // GetString throws InvalidOperationException for what is no Unicode.
        }

        return all;
    }
}
