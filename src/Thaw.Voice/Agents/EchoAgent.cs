using Thaw.Voice.Audio;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Agents;

/// <summary>Says everything back after a second, late enough to be recognised as an echo.</summary>
public sealed class EchoAgent : IVoiceAgent
{
    private const int DelayFrames = 50; // of 20 ms

    public string Name => "echo";

    public AgentAudio Audio => AgentAudio.Mono48kHz;

    public async Task RunAsync(VoiceCall call, CancellationToken hangUp)
    {
        ArgumentNullException.ThrowIfNull(call);

        short[] frame = new short[call.FrameLength];
        short[] line = new short[call.FrameLength * DelayFrames];
        bool[] spoken = new bool[DelayFrames];
        var activity = new VoiceActivity();
        bool bot = false;

        for (int slot = 0; await call.Audio.ReadAsync(frame); slot = (slot + 1) % DelayFrames)
        {
            var delayed = line.AsSpan(slot * frame.Length, frame.Length);
            call.TryPlay(delayed);
            if (spoken[slot] != bot)
                call.TryNotify((bot = !bot) ? RtviNotice.BotStartedSpeaking : RtviNotice.BotStoppedSpeaking);

            if (activity.Process(frame) is not VoiceChange.None)
                call.TryNotify(activity.IsSpeaking ? RtviNotice.UserStartedSpeaking : RtviNotice.UserStoppedSpeaking);
            spoken[slot] = activity.IsSpeaking;
            frame.CopyTo(delayed);
        }
    }

    public ValueTask HandleAsync(VoiceCall call, AgentMessage message, CancellationToken hangUp)
    {
        ArgumentNullException.ThrowIfNull(call);
        switch (message)
        {
            case AgentMessage.Client request: call.TryRespond(request, request.Data); break;
            case AgentMessage.Text text: call.TrySendOutput(text.Content); break;
            case AgentMessage.Other: call.TryRefuse(message, "The echo agent answers voice, text and client messages."); break;
        }

        return ValueTask.CompletedTask;
    }
}
