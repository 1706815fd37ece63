using Thaw.Protocol;

namespace Thaw.Net.Loop;

/// <summary>Something another thread wants done on a loop. Exactly one of Finish and Abandon follows.</summary>
internal abstract class Errand
{
    /// <summary>Exceptions are the caller's to handle: they say whose fault it was.</summary>
    public abstract void Run(Instant now);

    public abstract void Finish();

    public abstract void Abandon(Exception why);
}

internal sealed class Errand<T>(Func<Instant, T> action, CancellationToken cancel) : Errand
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _result;

    public Task<T> Done => _done.Task;

    public override void Run(Instant now)
    {
        if (cancel.IsCancellationRequested) _done.TrySetCanceled(cancel);
        else _result = action(now);
    }

    public override void Finish() => _done.TrySetResult(_result!);

    public override void Abandon(Exception why)
    {
        _done.TrySetException(why);
        _ = _done.Task.Exception; // observed here: the caller may have stopped waiting
    }
}
