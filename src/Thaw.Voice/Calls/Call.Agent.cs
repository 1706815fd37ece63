using System.Threading.Channels;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Calls;

internal sealed partial class Call
{
    private static readonly TimeSpan AgentPatience = TimeSpan.FromSeconds(1); // to notice that it was told to stop

    private readonly IVoiceAgent _agent;
    private readonly VoiceCall _facade;
    private readonly CancellationTokenSource _hangUp = new();
    private readonly Channel<(AgentMessage Message, int Size)> _toAgent = Channel.CreateBounded<(AgentMessage, int)>(new BoundedChannelOptions(MaxQueuedMessages) { SingleReader = true });
    private int _bytesToAgent;
    private Task _agentTask = Task.CompletedTask;
    private bool _prepared, _started, _dismissed, _paced;
    private volatile bool _isAgentStuck;
    private Exception? _fault;

    /// <summary>Completes when what became of the agent's preparation is in the mailbox.</summary>
    public Task Preparing { get; private set; } = Task.CompletedTask;

    private void PrepareAgent()
    {
        _deadlines.Set(Deadline.AgentReady, _host.Now + _host.Budget.AgentReady);
        Preparing = Task.Run(async () =>
        {
            try
            {
                await _agent.PrepareAsync(_hangUp.Token);
                Post(new CallInput.AgentPrepared());
            }
            catch (Exception e)
            {
                Post(new CallInput.AgentEnded(e));
            }
        });
    }

    private void OnAgentPrepared()
    {
        if (_fault is not null) return; // too late: the client has been told

        _deadlines.Stop(Deadline.AgentReady);
        _prepared = true;
        SendBotReady();
        if (Current is { Stage: >= LinkStage.Encrypted }) StartAgent();
    }

    private void StartAgent()
    {
        if (!_prepared || _started || _dismissed) return;

        _started = true;
        _agentTask = Task.WhenAll(Task.Run(RunAgentAsync), Task.Run(TalkToAgentAsync));
    }

    private async Task RunAgentAsync()
    {
        Exception? fault = null;
        try
        {
            await _agent.RunAsync(_facade, _hangUp.Token);
        }
        catch (OperationCanceledException) when (_hangUp.IsCancellationRequested) { }
        catch (Exception e)
        {
            fault = e;
        }

        Post(new CallInput.AgentEnded(fault));
    }

    private async Task TalkToAgentAsync()
    {
        await foreach (var (message, size) in _toAgent.Reader.ReadAllAsync())
        {
            try
            {
                await HandleAsync(message);
            }
            catch (OperationCanceledException) when (_hangUp.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _host.Log.AgentMessageFaulted(e, Id);
                _facade.TryRefuse(message, "The agent failed on this message.");
            }

            Interlocked.Add(ref _bytesToAgent, -size);
        }
    }

    // An agent takes one message at a time. While it is stuck in one, whoever else asks is told instead of kept waiting.
    private async Task HandleAsync(AgentMessage message)
    {
        var handling = _agent.HandleAsync(_facade, message, _hangUp.Token).AsTask();
        try
        {
            await handling.WaitAsync(_limits.AgentReply, _host.Time);
            return;
        }
        catch (TimeoutException) when (!handling.IsCompleted)
        {
            _isAgentStuck = true;
        }

        _host.Log.AgentIsStuck(Id, _limits.AgentReply.TotalSeconds);
        _facade.TryRefuse(message, "The agent has not answered.");
        while (_toAgent.Reader.TryRead(out var waiting))
        {
            Interlocked.Add(ref _bytesToAgent, -waiting.Size);
            _facade.TryRefuse(waiting.Message, "The agent does not answer.");
        }

        await handling;
        _isAgentStuck = false;
    }

    /// <param name="size">Of the message as it came.</param>
    private bool TryTellAgent(AgentMessage message, int size)
    {
        if (_dismissed || _isAgentStuck || _fault is not null) return false;
        if (Interlocked.Add(ref _bytesToAgent, size) <= MaxQueuedBytes && _toAgent.Writer.TryWrite((message, size))) return true;

        Interlocked.Add(ref _bytesToAgent, -size);
        return false;
    }

    private void Play(CallLink link, AudioPath path)
    {
        link.Listen(path);
        _audio.Attach(path);
        if (_paced) return;
        _paced = true;
        _host.Beat.Add(_audio);
    }

    /// <summary>RTVI disconnect-bot: the agent goes, the connection stays.</summary>
    private void DismissAgent()
    {
        _dismissed = true;
        StopAgent();
    }

    private void StopAgent()
    {
        _audio.Input.End();
        _audio.Output.Clear();
        _toAgent.Writer.TryComplete();
        _ = CancelAgentAsync();
    }

    // Elsewhere, because cancelling runs whatever the agent has registered, and that may block or throw.
    private async Task CancelAgentAsync()
    {
        try
        {
            await _hangUp.CancelAsync();
        }
        catch (AggregateException e)
        {
            _host.Log.AgentFailed(e, Id);
        }
    }

    private void OnAgentEnded(Exception? fault)
    {
        if (_dismissed || _fault is not null) return;
        if (fault is null)
        {
            Leave(HangUpReason.AgentLeft);
            return;
        }

        _fault = fault;
        _deadlines.Stop(Deadline.AgentReady);
        _host.Log.AgentFailed(fault, Id);
        _sender.TrySend(RtviWriter.Error("The agent failed and the call has to end.", fatal: true));
        if (_sender.Chat is not null) Leave(HangUpReason.AgentFailed); // else once there is a channel to say it on
    }
}
