using Thaw.Voice;

namespace Thaw.Tests.Voice;

/// <summary>An agent that lets a test into its call, and can be told when to be ready and when to fail.</summary>
internal sealed class TellingAgent : IVoiceAgent
{
    private readonly TaskCompletionSource<VoiceCall> _call = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Prepared { get; init; } = Done();
    public TaskCompletionSource Finish { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public Func<VoiceCall, AgentMessage, ValueTask>? OnMessage { get; init; }
    public int Runs { get; private set; }
    public CancellationToken HungUp { get; private set; }

    public async ValueTask PrepareAsync(CancellationToken hangUp) => await Prepared.Task;

    public Task RunAsync(VoiceCall call, CancellationToken hangUp)
    {
        Runs++;
        HungUp = hangUp;
        _call.SetResult(call);
        return Finish.Task.WaitAsync(hangUp);
    }

    public ValueTask HandleAsync(VoiceCall call, AgentMessage message, CancellationToken hangUp)
    {
        if (OnMessage is { } handle) return handle(call, message);
        call.TryRefuse(message, "not today");
        return ValueTask.CompletedTask;
    }

    public Task<VoiceCall> CallAsync() => _call.Task.WaitAsync(TimeSpan.FromSeconds(10), VoiceWorld.Cancel);

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}
