using System.Text.Json;
using Thaw.Voice.Rtvi;

namespace Thaw.Fuzz.Targets;

/// <summary>One text message of the data channel. Everything that a call or an agent does with one that is RTVI works.</summary>
internal static class RtviTarget
{
    private static readonly string[] Names = ["t", "d", "content", "version", "options", "run_immediately", "audio_response"];

    public static void Run(ReadOnlySpan<byte> input)
    {
        byte[] copy = input.ToArray();
        if (ChannelMessage.Parse(isText: true, copy) is not ChannelMessage.Rtvi message) return;

        copy.AsSpan().Fill(0xFF); // the message outlives its buffer
        if (message.Data is { } data)
        {
            data.GetRawText();
            foreach (string name in Names)
            {
                data.Text(name);
                data.Truth(name);
                data.Member(name)?.Member("audio_response");
            }
        }

        if (message.Id is not { } id) return;
        MustAnswer(RtviWriter.BotReady(id, message.Data?.Text("version") ?? RtviWriter.Version).Content, id);
        MustAnswer(RtviWriter.ServerResponse(id, message.Type, message.Data).Content, id);
        MustAnswer(RtviWriter.ErrorResponse(id, $"Unsupported type {message.Type}").Content, id);
    }

    // The client finds its request by the id: one that comes back different leaves a promise unresolved.
    private static void MustAnswer(ReadOnlyMemory<byte> sent, string id)
    {
        if (JsonElement.Parse(sent.Span).Text("id") != id) throw new InvalidOperationException($"\"{id}\" came back as another id.");
    }
}
