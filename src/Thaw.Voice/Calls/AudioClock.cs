using System.Threading.Channels;

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
        private readonly Channel<CallAudio> _joining = Channel.CreateUnbounded<CallAudio>(new() { SingleReader = true }); // calls are counted elsewhere
        private readonly CancellationTokenSource _stop = new();
        private readonly List<CallAudio> _calls = [];
        private readonly TimeProvider _time;
        private readonly Action<Exception> _faulted;
        private readonly Task _running;

        public Shard(TimeProvider time, Action<Exception> faulted)
        {
            (_time, _faulted) = (time, faulted);
            _running = Task.Run(RunAsync);
        }

        public void Add(CallAudio audio) => _joining.Writer.TryWrite(audio);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }

        // Without calls there is no timer: fifty wake-ups a second cost an idle server 1 % of a core.
        private async Task RunAsync()
        {
            try
            {
                while (await _joining.Reader.WaitToReadAsync(_stop.Token)) await BeatAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
            }
        }

        private async Task BeatAsync()
        {
            using var beat = new PeriodicTimer(CallAudio.FrameDuration, _time);
            long began = _time.GetTimestamp(), done = 0;
            do
            {
                while (_joining.Reader.TryRead(out var audio)) _calls.Add(audio);
                long due = _time.GetElapsedTime(began).Ticks / CallAudio.FrameDuration.Ticks;
                if (due - done > MaxCatchUp) done = due - 1;
                for (; done < due; done++)
                    for (int i = _calls.Count - 1; i >= 0; i--)
                        if (!Beats(_calls[i])) _calls.RemoveAt(i);
            }
            while (_calls.Count > 0 && await beat.WaitForNextTickAsync(_stop.Token));
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
