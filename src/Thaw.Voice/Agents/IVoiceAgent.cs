using System.Diagnostics.CodeAnalysis;

namespace Thaw.Voice;

/// <summary>
/// What answers a call. One instance per call; nothing it does can hold up the network, because every queue between
/// the two is bounded and drops.
/// </summary>
[SuppressMessage("Naming", "CA1716", Justification = "A call is a call, also where another language has a keyword.")]
public interface IVoiceAgent
{
    /// <summary>What the client may call it, such as "echo"; told in <c>bot-ready</c>.</summary>
    string? Name => null;

    /// <summary>The form of audio that <see cref="RunAsync"/> reads and plays.</summary>
    AgentAudio Audio => AgentAudio.Mono16kHz;

    /// <summary>Loads what the agent needs. The client hears <c>bot-ready</c> only after this; it has a deadline.</summary>
    ValueTask PrepareAsync(CancellationToken hangUp) => ValueTask.CompletedTask;

    /// <summary>Runs from connected to hang-up. Returning hangs up; throwing is a fatal error to the client.</summary>
    Task RunAsync(VoiceCall call, CancellationToken hangUp);

    /// <summary>Takes one message, in order. The default refuses, so that no client waits for an answer in vain.</summary>
    ValueTask HandleAsync(VoiceCall call, AgentMessage message, CancellationToken hangUp)
    {
        ArgumentNullException.ThrowIfNull(call);
        call.TryRefuse(message, "This agent takes no messages.");
        return ValueTask.CompletedTask;
    }
}

public enum AgentAudio
{
    Mono16kHz,
    Mono48kHz,

    /// <summary>No PCM at all: each RTP payload goes straight back from the network thread. For measuring.</summary>
    Loopback,
}
