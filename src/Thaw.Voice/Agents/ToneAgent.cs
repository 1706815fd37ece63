using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Agents;

/// <summary>440 Hz for as long as the call lasts: tells a dead loudspeaker from a dead microphone.</summary>
public sealed class ToneAgent : IVoiceAgent
{
    private const double Hertz = 440;
    private const double Amplitude = 0.25 * short.MaxValue; // -12 dBFS

    public string Name => "tone";

    public async Task RunAsync(VoiceCall call, CancellationToken hangUp)
    {
        ArgumentNullException.ThrowIfNull(call);

        short[] frame = new short[call.FrameLength];
        call.TryNotify(RtviNotice.BotStartedSpeaking);
        for (int sample = 0; await call.Audio.ReadAsync(frame); sample = (sample + frame.Length) % call.SampleRate)
        {
            for (int i = 0; i < frame.Length; i++)
                frame[i] = (short)(Amplitude * Math.Sin(2 * Math.PI * Hertz * (sample + i) / call.SampleRate));
            call.TryPlay(frame);
        }
    }
}
