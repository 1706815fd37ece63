// An agent of your own: it listens until you pause, then says the whole sentence back, higher.
using Thaw.Voice;
using Thaw.Voice.Audio;
using Thaw.Voice.Rtvi;

await using var server = await VoiceServer.StartAsync(new VoiceServerOptions { Agent = () => new ParrotAgent() }, CancellationToken.None);
Console.WriteLine($"Talk to the parrot at {server.Url}. Enter stops it.");
Console.ReadLine();

internal sealed class ParrotAgent : IVoiceAgent
{
    private const int LongestSentence = 20; // seconds

    public async Task RunAsync(VoiceCall call, CancellationToken hangUp)
    {
        short[] frame = new short[call.FrameLength];
        var sentence = new List<short>();
        var activity = new VoiceActivity();

        while (await call.Audio.ReadAsync(frame))
        {
            var change = activity.Process(frame);
            if (activity.IsSpeaking && sentence.Count < LongestSentence * call.SampleRate) sentence.AddRange(frame);
            if (change is VoiceChange.None) continue;

            call.TryNotify(activity.IsSpeaking ? RtviNotice.UserStartedSpeaking : RtviNotice.UserStoppedSpeaking);
            if (activity.IsSpeaking)
            {
                call.StopPlaying(); // the user interrupts
                continue;
            }

            call.TryNotify(RtviNotice.BotStartedSpeaking);
            await call.PlayAsync(Higher(sentence), hangUp);
            call.TryNotify(RtviNotice.BotStoppedSpeaking);
            sentence.Clear();
        }
    }

    public ValueTask HandleAsync(VoiceCall call, AgentMessage message, CancellationToken hangUp)
    {
        if (message is AgentMessage.Text text) call.TrySendOutput($"Squawk! {text.Content}");
        else call.TryRefuse(message, "A parrot only knows words.");
        return ValueTask.CompletedTask;
    }

    // Four of five samples: a third of an octave up, and as much shorter.
    private static short[] Higher(List<short> voice) => [.. voice.Where((_, i) => i % 5 != 0)];
}
