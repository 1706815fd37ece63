namespace Thaw.Voice.Agents;

/// <summary>Gives every RTP payload and every foreign message straight back: what is left is the network and this stack.</summary>
public sealed class LoopbackAgent : IVoiceAgent
{
    public string Name => "loopback";

    public AgentAudio Audio => AgentAudio.Loopback;

    public Task RunAsync(VoiceCall call, CancellationToken hangUp) => Task.Delay(Timeout.Infinite, hangUp);

    public ValueTask HandleAsync(VoiceCall call, AgentMessage message, CancellationToken hangUp)
    {
        ArgumentNullException.ThrowIfNull(call);
        switch (message)
        {
            case AgentMessage.Raw raw: call.TrySendBack(raw, raw.Content); break;
            case AgentMessage.Client request: call.TryRespond(request, request.Data); break;
            default: call.TryRefuse(message, "The loopback agent returns audio, client messages and foreign messages."); break;
        }

        return ValueTask.CompletedTask;
    }
}
