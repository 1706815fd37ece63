using System.Text.Json;

namespace Thaw.Voice.Rtvi;

/// <summary>
/// Members of a stranger's JSON. The base library parses the escape of half a surrogate pair (<c>"\ud800"</c>), in values
/// and in names, and throws only when it makes text of it: here such an object just has no such member.
/// </summary>
internal static class JsonMembers
{
    extension(JsonElement parent)
    {
        public JsonElement? Member(string name)
        {
            if (parent.ValueKind is not JsonValueKind.Object) return null;
            try { return parent.TryGetProperty(name, out var value) ? value : null; }
            catch (InvalidOperationException) { return null; }
        }

        /// <summary>The member's text, null unless there is one.</summary>
        public string? Text(string name)
        {
            if (parent.Member(name) is not { ValueKind: JsonValueKind.String } value) return null;
            try { return value.GetString(); }
            catch (InvalidOperationException) { return null; }
        }

        /// <summary>The member's truth, null unless it is true or false.</summary>
        public bool? Truth(string name) => parent.Member(name)?.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };
    }
}
