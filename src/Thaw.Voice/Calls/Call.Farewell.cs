using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Calls;

internal sealed partial class Call
{
    /// <summary>The call is over after the input at hand.</summary>
    private void Leave(HangUpReason reason) => _over ??= reason;

    private async Task EndAsync(Task sending)
    {
        _host.Forget(this);
        _mailbox.Writer.TryComplete();
        while (_mailbox.Reader.TryRead(out var input)) Decline(input);
        await _alarm.DisposeAsync();

        await SayGoodbyeAsync(sending);
        foreach (var link in _links.Where(l => !l.IsOver)) link.Close();

        StopAgent();
        _audio.End();
        await _ended.CancelAsync();
        if (await Task.WhenAny(_agentTask, Task.Delay(AgentPatience, _host.Time)) != _agentTask) _host.Log.AgentIgnoresHangUp(Id);
        _host.Log.CallEnded(Id, _over ?? HangUpReason.ConnectionLost, Counters.Malformed, Counters.Dropped + _sender.Dropped);
    }

    // A bare close leaves the stock client in "ready" for 5 s, after which it calls again by itself.
    private async ValueTask SayGoodbyeAsync(Task sending)
    {
        if (_over is HangUpReason.ClientLeft || _sender.Chat is null) return;

        _sender.TrySend(RtviWriter.PeerLeft);
        _sender.Complete();
        var drained = Task.Delay(_limits.Farewell, _host.Time);
        await Task.WhenAny(sending, drained);
        await drained; // sent is not yet on the wire
    }

    private static void Decline(CallInput input)
    {
        switch (input)
        {
            case CallInput.Offered offered: offered.Reply.TrySetResult(new OfferResult.CallOver()); break;
            case CallInput.Settle settle: settle.Done.SetResult(); break;
        }
    }
}
