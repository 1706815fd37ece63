using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Thaw.Voice.Calls;
using Thaw.Voice.Http;

namespace Thaw.Voice.Rtvi;

/// <summary>Messages to the client, RTVI 2.1.0. Absent values are left out, never null.</summary>
internal static class RtviWriter
{
    public const string Version = "2.1.0";

    private static readonly byte[][] Notices =
    [
        Envelope("user-started-speaking"), Envelope("user-stopped-speaking"),
        Envelope("bot-started-speaking"), Envelope("bot-stopped-speaking"),
        Envelope("bot-llm-started"), Envelope("bot-llm-stopped"),
        Envelope("bot-tts-started"), Envelope("bot-tts-stopped"),
        Envelope("user-mute-started"), Envelope("user-mute-stopped"),
    ];

    /// <summary>Makes the client leave at once instead of reconnecting after 10 s: sent before every close.</summary>
    public static readonly Outgoing PeerLeft = Text("""{"type":"signalling","message":{"type":"peerLeft"}}"""u8.ToArray());

    public static Outgoing Notice(RtviNotice notice) => Text(Notices[(int)notice]);

    /// <param name="id">The client-ready's: connect() resolves by it.</param>
    /// <param name="agent">What a page may call the agent, if it has a name.</param>
    public static Outgoing BotReady(string? id, string version, string? agent) => Text(Envelope("bot-ready", id, data =>
    {
        data.WriteString("version", version);
        data.WriteStartObject("about");
        data.WriteString("library", "thaw");
        data.WriteString("library_version", typeof(RtviWriter).Assembly.GetName().Version?.ToString(3));
        if (agent is not null) data.WriteString("agent", agent);
        data.WriteEndObject();
    }));

    public static Outgoing Error(string error, bool fatal) => Text(Envelope("error", null, data =>
    {
        data.WriteString("error", error);
        data.WriteBoolean("fatal", fatal);
    }));

    /// <summary>For pages that can take the microphone anew by themselves.</summary>
    public static readonly Outgoing MicrophoneSilent
        = Text(Envelope("server-message", null, data => data.WriteString("type", "microphone-silent")));

    /// <summary>For pages that can give their connection new servers: those that they have will expire.</summary>
    public static Outgoing IceServers(IceServersBody servers) => Text(Envelope("server-message", null, data =>
    {
        data.WriteString("type", "ice-servers");
        foreach (var member in JsonSerializer.SerializeToElement(servers, VoiceJson.Default.IceServersBody).EnumerateObject()) member.WriteTo(data);
    }));

    public static Outgoing ErrorResponse(string id, string error)
        => Text(Envelope("error-response", id, data => data.WriteString("error", error)));

    public static Outgoing ServerResponse(string? id, string type, JsonElement? value) => Text(Envelope("server-response", id, data =>
    {
        data.WriteString("t", type);
        if (value is not { } d) return;
        data.WritePropertyName("d");
        WriteValue(data, d);
    }));

    public static Outgoing BotOutput(string text) => Text(Envelope("bot-output", null, data =>
    {
        data.WriteString("text", text);
        data.WriteString("aggregated_by", "sentence");
    }));

    public static Outgoing UserTranscription(string text, DateTimeOffset at, bool isFinal) => Text(Envelope("user-transcription", null, data =>
    {
        data.WriteString("text", text);
        data.WriteString("user_id", "");
        data.WriteString("timestamp", at.ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture));
        data.WriteBoolean("final", isFinal);
    }));

    public static Outgoing ServerMessage(JsonElement value)
        => Text(Write(json =>
        {
            Head(json, "server-message", null);
            json.WritePropertyName("data");
            WriteValue(json, value);
        }));

    private static Outgoing Text(byte[] content) => new(content, IsText: true, Link: null, Stream: 0);

    private static byte[] Envelope(string type, string? id = null, Action<Utf8JsonWriter>? data = null) => Write(json =>
    {
        Head(json, type, id);
        if (data is null) return;
        json.WriteStartObject("data");
        data(json);
        json.WriteEndObject();
    });

    private static void Head(Utf8JsonWriter json, string type, string? id)
    {
        json.WriteString("label", "rtvi-ai");
        json.WriteString("type", type);
        if (id is not null) json.WriteString("id", id);
    }

    // As it came: what is echoed may hold half a surrogate pair, of which JsonElement.WriteTo cannot make text.
    private static void WriteValue(Utf8JsonWriter json, JsonElement value) => json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value));

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
