namespace Thaw.Voice.Calls;

/// <summary>A call's audio: paced by the audio clock between the agent's queues and the path that is up.</summary>
internal sealed class CallAudio
{
    public static readonly TimeSpan FrameDuration = TimeSpan.FromMilliseconds(20);

    private readonly short[] _frame;
    private AudioPath? _path; // the clock's
    private AudioPath? _next; // attached, not yet taken over by the clock
    private volatile bool _ended;

    public CallAudio(AgentAudio form)
    {
        SampleRate = form is AgentAudio.Mono48kHz ? 48_000 : 16_000;
        Input = new(FrameLength);
        Output = new(SampleRate);
        _frame = new short[FrameLength];
    }

    public int SampleRate { get; }
    public int FrameLength => SampleRate / 50;
    public AudioInput Input { get; }
    public AudioOutput Output { get; }

    /// <summary>Switches to another connection's path from the next tick on.</summary>
    public void Attach(AudioPath path) => Interlocked.Exchange(ref _next, path)?.Dispose();

    /// <summary>No more frames for the agent; codecs go with the next tick.</summary>
    public void End()
    {
        _ended = true;
        Input.End();
    }

    /// <summary>20 ms have passed. Only the audio clock calls this. False once the call is over.</summary>
    public bool Tick()
    {
        if (Interlocked.Exchange(ref _next, null) is { } next)
        {
            _path?.Dispose();
            _path = next;
        }

        if (_ended)
        {
            _path?.Dispose();
            return false;
        }

        if (_path is not { } path) return true;

        path.Hear(_frame);
        Input.Write(_frame);
        Output.Read(_frame);
        path.Say(_frame);
        return true;
    }
}
