namespace Thaw.Voice.Audio;

public enum VoiceChange { None, Started, Stopped }

/// <summary>
/// Tells speech from background by its energy. The background is the quietest of the last few seconds: speech has
/// pauses between syllables, noise has not.
/// </summary>
public sealed class VoiceActivity
{
    private const double StartMargin = 10;      // dB above the background that count as speech
    private const double StopMargin = 6;        // and, once started, as its continuation
    private const double QuietestSpeech = -50;  // dBFS: below is never speech, however silent the room
    private const double Silence = -90;         // digital silence, so that a muted microphone stays comparable
    private const int FramesToStart = 4;        // 80 ms: longer than a click
    private const int FramesToStop = 30;        // 600 ms: longer than a pause within a sentence
    private const int FramesPerPeriod = 50;     // 1 s

    // Of each of the last four seconds, the current one first. The second place, next to be overwritten, holds what
    // is assumed until one second has been heard.
    private readonly double[] _quietest = [0, QuietestSpeech, 0, 0];
    private int _period, _framesInPeriod;
    private int _speechFrames, _quietFrames;

    public bool IsSpeaking { get; private set; }

    /// <summary>The last frame's level in dB below full scale: 0 is a full-scale square wave.</summary>
    public double Level { get; private set; } = Silence;

    /// <summary>What the detector holds for silence, in dBFS.</summary>
    public double Background => _quietest.Min();

    /// <summary>Takes the next 20 ms, at any sample rate.</summary>
    public VoiceChange Process(ReadOnlySpan<short> frame)
    {
        Level = LevelOf(frame);
        NoteBackground();
        return IsSpeaking ? Continue() : Begin();
    }

    private VoiceChange Begin()
    {
        bool loud = Level > QuietestSpeech && Level > Background + StartMargin;
        _speechFrames = loud ? _speechFrames + 1 : int.Max(0, _speechFrames - 1); // a single gap does not start over
        if (_speechFrames < FramesToStart) return VoiceChange.None;

        (IsSpeaking, _quietFrames) = (true, 0);
        return VoiceChange.Started;
    }

    private VoiceChange Continue()
    {
        bool loud = Level > QuietestSpeech && Level > Background + StopMargin;
        _quietFrames = loud ? 0 : _quietFrames + 1;
        if (_quietFrames < FramesToStop) return VoiceChange.None;

        (IsSpeaking, _speechFrames) = (false, 0);
        return VoiceChange.Stopped;
    }

    private void NoteBackground()
    {
        if (_framesInPeriod++ == FramesPerPeriod)
        {
            _framesInPeriod = 1;
            _period = (_period + 1) % _quietest.Length;
            _quietest[_period] = Level;
        }

        _quietest[_period] = double.Min(_quietest[_period], Level);
    }

    private static double LevelOf(ReadOnlySpan<short> frame)
    {
        long energy = 0;
        foreach (short sample in frame) energy += sample * sample;
        double mean = frame.IsEmpty ? 0 : (double)energy / frame.Length;
        return mean == 0 ? Silence : double.Max(Silence, 10 * Math.Log10(mean / (32768.0 * 32768.0)));
    }
}
