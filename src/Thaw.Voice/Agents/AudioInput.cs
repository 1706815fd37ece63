using System.Threading.Tasks.Sources;

namespace Thaw.Voice;

/// <summary>
/// 20 ms frames from the network to one reader. Waiting allocates nothing; a reader more than a second behind loses
/// the oldest frames.
/// </summary>
public sealed class AudioInput : IValueTaskSource<bool>
{
    private const int Frames = 50;

    private readonly Lock _gate = new();
    private readonly int _frame;
    private short[] _ring = []; // until a frame finds no reader waiting
    private ManualResetValueTaskSourceCore<bool> _arrival = new() { RunContinuationsAsynchronously = true };
    private Memory<short> _reader;
    private int _first, _count;
    private bool _waiting, _ended;
    private long _dropped;

    internal AudioInput(int frameLength) => _frame = frameLength;

    /// <summary>Frames the agent was too slow for.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>Fills <paramref name="frame"/> with the next 20 ms. False once the call is over. One reader at a time.</summary>
    public ValueTask<bool> ReadAsync(Memory<short> frame)
    {
        if (frame.Length < _frame) throw new ArgumentException($"A frame has {_frame} samples.", nameof(frame));

        lock (_gate)
        {
            if (_waiting) throw new InvalidOperationException("Another ReadAsync is still waiting.");
            if (_count > 0)
            {
                _ring.AsSpan(_first * _frame, _frame).CopyTo(frame.Span);
                _first = (_first + 1) % Frames;
                _count--;
                return new(true);
            }

            if (_ended) return new(false);
            _arrival.Reset();
            _reader = frame;
            _waiting = true;
            return new(this, _arrival.Version);
        }
    }

    internal void Write(ReadOnlySpan<short> frame)
    {
        lock (_gate)
        {
            if (_ended) return;
            if (!_waiting)
            {
                Enqueue(frame);
                return;
            }

            frame.CopyTo(_reader.Span);
            _waiting = false;
        }

        _arrival.SetResult(true); // the one reader is between ReadAsync and GetResult: nothing else touches the source
    }

    internal void End()
    {
        lock (_gate)
        {
            _ended = true;
            if (!_waiting) return;
            _waiting = false;
        }

        _arrival.SetResult(false);
    }

    private void Enqueue(ReadOnlySpan<short> frame)
    {
        if (_ring is []) _ring = new short[_frame * Frames];
        if (_count == Frames)
        {
            _first = (_first + 1) % Frames;
            _count--;
            _dropped++;
        }

        frame.CopyTo(_ring.AsSpan((_first + _count++) % Frames * _frame));
    }

    bool IValueTaskSource<bool>.GetResult(short token) => _arrival.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _arrival.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _arrival.OnCompleted(continuation, state, token, flags);
}
