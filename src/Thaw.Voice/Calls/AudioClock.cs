namespace Thaw.Voice.Calls;

/// <summary>One 20 ms beat for all calls of a core: a timer per call would cost more than the audio.</summary>
internal sealed class AudioClock : IAsyncDisposable
{
    private const int MaxCatchUp = 5; // frames after a stall; beyond that, time is given up rather than rushed

    private readonly Shard[] _shards;
    private int _next = -1;

    public AudioClock(TimeProvider time, Action<Exception> faulted, int shards)
        => _shards = [.. Enumerable.Range(0, shards).Select(_ => new Shard(time, faulted))];

    public void Add(CallAudio audio) => _shards[(uint)Interlocked.Increment(ref _next) % _shards.Length].Add(audio);

    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards) await shard.DisposeAsync();
    }

    private sealed class Shard : IAsyncDisposable
    {
        private readonly Lock _gate = new();
        private readonly Queue<CallAudio> _joining = new();
        private readonly List<CallAudio> _calls = [];
        private readonly TimeProvider _time;
        private readonly Action<Exception> _faulted;
        private readonly PeriodicTimer _beat;
        private readonly Task _running;

        public Shard(TimeProvider time, Action<Exception> faulted)
        {
            (_time, _faulted) = (time, faulted);
            _beat = new(Timeout.InfiniteTimeSpan, time);
            _running = Task.Run(RunAsync);
        }

        public void Add(CallAudio audio)
        {
            lock (_gate)
            {
                _joining.Enqueue(audio);
                if (_beat.Period != CallAudio.FrameDuration) _beat.Period = CallAudio.FrameDuration;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _beat.Dispose();
            await _running;
        }

        private async Task RunAsync()
        {
            long began = _time.GetTimestamp(), done = 0;
            while (await _beat.WaitForNextTickAsync())
            {
                if (!TakeJoining()) continue;
                long due = _time.GetElapsedTime(began).Ticks / CallAudio.FrameDuration.Ticks;
                if (due - done > MaxCatchUp) done = due - 1;
                for (; done < due; done++)
                    for (int i = _calls.Count - 1; i >= 0; i--)
                        if (!Beats(_calls[i])) _calls.RemoveAt(i);
            }
        }

        // Without a call there is no beat: an idle server sleeps.
        private bool TakeJoining()
        {
            lock (_gate)
            {
                while (_joining.TryDequeue(out var audio)) _calls.Add(audio);
                if (_calls.Count == 0) _beat.Period = Timeout.InfiniteTimeSpan;
                return _calls.Count > 0;
            }
        }

        // One call's fault must not silence the others.
        private bool Beats(CallAudio audio)
        {
            try
            {
                return audio.Tick();
            }
            catch (Exception e)
            {
                _faulted(e);
                audio.End(); // its next tick is the last and frees the codecs
                return true;
            }
        }
    }
}
