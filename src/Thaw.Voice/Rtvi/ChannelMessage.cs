using System.Text.Json;

namespace Thaw.Voice.Rtvi;

/// <summary>One data channel message, told apart once.</summary>
internal abstract record ChannelMessage
{
    private ChannelMessage() { }

    /// <summary><c>ping: 1795430032759</c>, each second; never answered.</summary>
    public sealed record Ping : ChannelMessage;

    /// <summary>Whether one of the client's tracks is on: 0 microphone, 1 camera, 2 screen.</summary>
    public sealed record TrackStatus(int Receiver, bool Enabled) : ChannelMessage;

    public sealed record Rtvi(string Type, string? Id, JsonElement? Data) : ChannelMessage;

    /// <summary>Labelled as ours but not as agreed: ignored and counted.</summary>
    public sealed record Malformed : ChannelMessage;

    /// <summary>None of our business: for agents that want it.</summary>
    public sealed record Foreign : ChannelMessage;

    private static readonly ChannelMessage ThePing = new Ping(), TheMalformed = new Malformed(), TheForeign = new Foreign();

    public static ChannelMessage Parse(bool isText, byte[] content)
    {
        ReadOnlySpan<byte> text = content;
        if (!isText) return TheForeign;
        if (text.StartsWith("ping"u8)) return ThePing;
        if (text.IsEmpty || text.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..]) return TheForeign;

        try
        {
            using var json = JsonDocument.Parse(content);
            return Classify(json.RootElement);
        }
        catch (JsonException)
        {
            return TheForeign;
        }
    }

    private static ChannelMessage Classify(JsonElement message)
    {
        string? type = StringOf(message, "type");
        if (StringOf(message, "label") == "rtvi-ai")
        {
            if (type is null) return TheMalformed;
            JsonElement? data = message.TryGetProperty("data", out var d) && d.ValueKind is not JsonValueKind.Null ? d.Clone() : null;
            return new Rtvi(type, StringOf(message, "id"), data);
        }

        if (type != "signalling") return TheForeign;
        return message.TryGetProperty("message", out var signal) && signal.ValueKind is JsonValueKind.Object
            && StringOf(signal, "type") == "trackStatus"
            && signal.TryGetProperty("receiver_index", out var receiver) && receiver.ValueKind is JsonValueKind.Number
            && receiver.TryGetInt32(out int index)
            && signal.TryGetProperty("enabled", out var enabled) && enabled.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? new TrackStatus(index, enabled.GetBoolean())
                : TheMalformed;
    }

    /// <summary>The member's text, null unless there is one.</summary>
    internal static string? StringOf(JsonElement parent, string name)
        => parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(name, out var value)
            && value.ValueKind is JsonValueKind.String ? TextOf(value) : null;

    // A lone surrogate escape parses as JSON and has no text.
    private static string? TextOf(JsonElement value)
    {
        try { return value.GetString(); }
        catch (InvalidOperationException) { return null; }
    }
}
