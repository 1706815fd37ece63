using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Threading.Channels;
using Thaw.Protocol;

namespace Thaw.Voice.Calls;

/// <summary>
/// One client and its agent, over as many peer connections as it takes. Everything that happens goes through one
/// bounded mailbox and one reader, so nothing in here is shared; deadlines live in one table.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The call ends itself; its token sources have no timers to release.")]
internal sealed partial class Call
{
    private const int MailboxSize = 8192;
    private enum Deadline { AgentReady, Restart, Superseded, Stale, IceServers }

    private readonly CallHost _host;
    private readonly CallLimits _limits;
    private readonly Channel<CallInput> _mailbox = Channel.CreateBounded<CallInput>(new BoundedChannelOptions(MailboxSize) { SingleReader = true });
    private readonly CancellationTokenSource _ended = new();
    private readonly MessageSender _sender;
    private readonly CallAudio _audio;
    private readonly ITimer _alarm;
    private readonly Task _running;
    private readonly List<CallLink> _links = []; // every connection whose pc_id still leads here, the newest last
    private Timers<Deadline> _deadlines = new();
    private Instant _armedFor = Instant.Never;
    private HangUpReason? _over;
    private object? _askedToLeave; // a HangUpReason, from any thread

    public Call(CallHost host, IVoiceAgent agent, VoiceSession? session, JsonElement? requestData)
    {
        (_host, _limits, _agent, Session) = (host, host.Limits, agent, session);
        Id = Guid.NewGuid().ToString("N");
        _early = new(_limits.EarlyCandidates);
        _sender = new(host.Time);
        _audio = new(agent.Audio);
        _facade = new(Id, requestData ?? session?.Body, _audio, _sender, host.Time, () => HangUp(HangUpReason.AgentLeft));
        _alarm = host.Time.CreateTimer(static call => ((Call)call!).Post(new CallInput.TimePassed()), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        WatchIceServers();
        _running = Task.Run(RunAsync);
    }

    public string Id { get; }

    public VoiceSession? Session { get; }

    /// <summary>Completes when the goodbyes are said and everything is closed.</summary>
    public Task Ended => _running;

    public CallCounters Counters { get; } = new();

    private CallLink? Current => _links is [.., var newest] ? newest : null;

    /// <summary>From any thread, without waiting. False if the call is over or its mailbox full.</summary>
    public bool Post(CallInput input) => _mailbox.Writer.TryWrite(input);

    /// <summary>Never lost: where the mailbox is full, something in it comes next and this after that.</summary>
    public void HangUp(HangUpReason reason)
    {
        Interlocked.CompareExchange(ref _askedToLeave, (object)reason, null);
        Post(new CallInput.Nudge());
    }

    public async Task<OfferResult> OfferAsync(Offer offer, CancellationToken cancel)
    {
        var reply = new TaskCompletionSource<OfferResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!Post(new CallInput.Offered(offer, reply, cancel)))
            return _mailbox.Reader.Completion.IsCompleted ? new OfferResult.CallOver() : new OfferResult.Busy("This call has too much to do.");
        return await reply.Task.WaitAsync(cancel);
    }

    private async Task RunAsync()
    {
        var sending = Task.Run(() => _sender.RunAsync(_ended.Token));
        try
        {
            await foreach (var input in _mailbox.Reader.ReadAllAsync())
            {
                await HandleAsync(input);
                foreach (var link in _links.ToArray())
                    if (link.TakeMissed() is { } missed) OnPeer(link, missed);
                if (Volatile.Read(ref _askedToLeave) is HangUpReason asked) Leave(asked);
                if (_over is not null) break;
                Arm();
            }
        }
        catch (Exception e)
        {
            _host.Log.CallFaulted(e, Id);
        }

        await EndAsync(sending);
    }

    private ValueTask HandleAsync(CallInput input)
    {
        switch (input)
        {
            case CallInput.Offered offered: return OnOfferAsync(offered);
            case CallInput.AgentEnded ended: OnAgentEnded(ended.Fault); break;
            case CallInput.Trickled trickled: OnCandidates(trickled); break;
            case CallInput.Silent silent: OnSilent(silent.Link, silent.Seen); break;
            case CallInput.FromPeer from: OnPeer(from.Link, from.Event); break;
            case CallInput.AgentPrepared: OnAgentPrepared(); break;
            case CallInput.TimePassed: _armedFor = Instant.Never; OnTime(_host.Now); break;
            case CallInput.Settle settle: settle.Done.SetResult(); break;
        }

        return ValueTask.CompletedTask;
    }

    private void Arm()
    {
        var next = _deadlines.Next;
        if (next == _armedFor) return;

        _armedFor = next;
        double wait = Math.Max(0, Math.Ceiling((next - _host.Now).TotalMilliseconds)); // timers round down, deadlines may not
        _alarm.Change(next == Instant.Never ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }
}
