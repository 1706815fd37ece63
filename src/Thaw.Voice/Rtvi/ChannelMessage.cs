using System.Text.Json;
using System.Text.Unicode;

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
        if (text.IsEmpty || text.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..] || !Utf8.IsValid(text)) return TheForeign;

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
        string? type = message.Text("type");
        if (message.Text("label") == "rtvi-ai")
        {
            if (type is null) return TheMalformed;
            JsonElement? data = message.Member("data") is { ValueKind: not JsonValueKind.Null } d ? d.Clone() : null;
            return new Rtvi(type, message.Text("id"), data);
        }

        if (type != "signalling") return TheForeign;
        return message.Member("message") is { } signal && signal.Text("type") == "trackStatus"
            && signal.Member("receiver_index") is { ValueKind: JsonValueKind.Number } receiver && receiver.TryGetInt32(out int index)
            && signal.Truth("enabled") is { } enabled
                ? new TrackStatus(index, enabled)
                : TheMalformed;
    }
}
