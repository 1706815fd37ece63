using System.Threading.Channels;

namespace Thaw.Voice.Calls;

/// <param name="Link">Null sends on the chat channel of whichever connection is up by then.</param>
internal readonly record struct Outgoing(ReadOnlyMemory<byte> Content, bool IsText, CallLink? Link, ushort Stream);

/// <summary>
/// The one order in which a call's messages leave. Waits for a channel, waits while the peer's send buffer is full, and
/// refuses more than it may hold.
/// </summary>
internal sealed class MessageSender(TimeProvider time)
{
    private const int MaxMessages = 8192;
    private const int MaxBytes = 4 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(5);

    private readonly Channel<Outgoing> _queue = Channel.CreateBounded<Outgoing>(new BoundedChannelOptions(MaxMessages) { SingleReader = true });
    private readonly Lock _gate = new();
    private TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CallLink? _chat;
    private long _bytes, _dropped;

    public long Dropped => Volatile.Read(ref _dropped);

    public bool TrySend(Outgoing message)
    {
        if (Interlocked.Add(ref _bytes, message.Content.Length) <= MaxBytes && _queue.Writer.TryWrite(message)) return true;

        Interlocked.Add(ref _bytes, -message.Content.Length);
        Interlocked.Increment(ref _dropped);
        return false;
    }

    /// <summary>The connection whose chat channel is to be used, null while there is none.</summary>
    public CallLink? Chat
    {
        get { lock (_gate) return _chat; }
        set
        {
            lock (_gate)
            {
                _chat = value;
                if (value is not null) _opened.TrySetResult();
                else if (_opened.Task.IsCompleted) _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>No more after what is queued.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    public async Task RunAsync(CancellationToken cancel)
    {
        await foreach (var message in _queue.Reader.ReadAllAsync(cancel))
        {
            if (!await SendAsync(message, cancel)) Interlocked.Increment(ref _dropped);
            Interlocked.Add(ref _bytes, -message.Content.Length);
        }
    }

    private async ValueTask<bool> SendAsync(Outgoing message, CancellationToken cancel)
    {
        long began = 0;
        while (true)
        {
            var link = message.Link ?? await ChatAsync(cancel);
            if (link is { IsOver: false, Peer: { } peer, Chat: { } chat }
                && await peer.TrySendMessageAsync(message.Link is null ? chat : message.Stream, message.IsText, message.Content, cancel))
                return true;

            if (link.IsOver && message.Link is not null) return false;
            if (began == 0) began = time.GetTimestamp();
            else if (time.GetElapsedTime(began) > Patience) return false;
            await Task.Delay(Pause, time, cancel);
        }
    }

    private async ValueTask<CallLink> ChatAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task opened;
            lock (_gate)
            {
                if (_chat is not null) return _chat;
                opened = _opened.Task;
            }

            await opened.WaitAsync(cancel);
        }
    }
}
