using System.Text.Json;

namespace Thaw.Voice;

/// <summary>What a client says other than by voice.</summary>
public abstract record AgentMessage
{
    private AgentMessage(string? id) => Id = id;

    /// <summary>The sender's identifier; an answer carries the same.</summary>
    public string? Id { get; }

    /// <summary>RTVI <c>client-message</c>: the client waits 10 s for <see cref="VoiceCall.TryRespond"/>.</summary>
    public sealed record Client(string? Id, string Type, JsonElement? Data) : AgentMessage(Id);

    /// <summary>RTVI <c>send-text</c>: text in place of speech.</summary>
    public sealed record Text(string? Id, string Content, bool RunImmediately, bool AudioResponse) : AgentMessage(Id);

    /// <summary>Other RTVI messages for agents: <c>dtmf</c>, <c>ui-event</c>, <c>llm-function-call-result</c> and the like.</summary>
    public sealed record Other(string? Id, string Type, JsonElement? Data) : AgentMessage(Id);

    /// <summary>A data channel message that is neither RTVI nor signalling nor a ping.</summary>
    public sealed record Raw(ushort Stream, bool IsText, ReadOnlyMemory<byte> Content) : AgentMessage((string?)null)
    {
        /// <summary>Of the peer connection it came by: an answer goes back there or nowhere.</summary>
        internal Calls.CallLink? Link { get; init; }
    }
}
