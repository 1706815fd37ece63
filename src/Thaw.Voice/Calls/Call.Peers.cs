using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Calls;

internal sealed partial class Call
{
    private void OnPeer(CallLink link, PeerEvent e)
    {
        if (e is PeerEvent.ChannelMessage message) OnMessage(link, message);
        else if (link.IsOver) return;

        switch (e)
        {
            case PeerEvent.PathSelected: OnPath(link); break;
            case PeerEvent.Connected: OnEncrypted(link); break;
            case PeerEvent.ChannelOpened opened: OnChannel(link, opened); break;
            case PeerEvent.ChannelClosed closed when link.Chat == closed.Stream: LoseChat(link); break;
            case PeerEvent.PathLost when link == Current: _deadlines.Set(Deadline.Stale, _host.Now + _limits.Stale); break;
            case PeerEvent.Failed failed: OnFailed(link, failed); break;
            case PeerEvent.Closed: OnClosed(link); break;
        }
    }

    private void OnPath(CallLink link)
    {
        if (link.Stage is LinkStage.Answered) link.Stage = LinkStage.PathFound;
        if (link != Current) return;

        _deadlines.Stop(Deadline.Stale);
        foreach (var old in _links.Where(l => l != link)) _host.Unregister(old); // the client has the answer: old names are done with
        _links.RemoveAll(l => l != link && l.IsOver);
    }

    private void OnEncrypted(CallLink link)
    {
        link.Stage = LinkStage.Encrypted;
        if (link != Current) return;

        StartAudio(link);
        CloseSuperseded();
        StartAgent();
    }

    private void StartAudio(CallLink link)
    {
        if (link is not { Format: { } format, Peer: { } peer }) return;
        if (_agent.Audio is AgentAudio.Loopback) link.Return(format);
        else Play(link, new AudioPath(peer, format, _audio.SampleRate, _host.Codecs, _host.Clock));
    }

    private void OnChannel(CallLink link, PeerEvent.ChannelOpened opened)
    {
        if (link.Chat is not null && opened.Label != "chat") return;

        link.Chat = opened.Stream;
        link.Stage = LinkStage.Complete;
        if (link != Current) return;

        _failedRestarts = 0;
        _wasComplete = true;
        _sender.Chat = link;
        _host.Log.CallConnected(Id, link.Format?.Codec ?? "no audio");
        _host.CountConnected();
        if (_fault is not null) Leave(HangUpReason.AgentFailed); // queued before, the reason goes out first
    }

    private void OnFailed(CallLink link, PeerEvent.Failed failed)
    {
        link.Failure = failed;
        link.Verdict = Verdict.On(link, _failedRestarts + 1);
        _host.CountConnectionFailed();
        link.Close();
        LoseChat(link);
        if (failed.Reason is PeerFailure.Crashed) _host.Log.ConnectionCrashed(Id, failed.Detail);
        else _host.Log.ConnectionFailed(Id, failed.Reason, link.Stage, failed.Detail);
        if (link != Current) return;

        // The connection that this one was to replace may still carry a word.
        if (_sender.Chat is not null) _sender.TrySend(RtviWriter.Error(link.Verdict, fatal: false));
        AwaitRestart();
    }

    private void OnClosed(CallLink link)
    {
        link.Close();
        LoseChat(link);
        if (link != Current) return; // the client closes its old connection once it has the new answer

        if (_links.Exists(l => !l.IsOver)) AwaitRestart();
        else Leave(HangUpReason.ClientLeft);
    }

    private void AwaitRestart()
    {
        if (_fault is not null) Leave(HangUpReason.AgentFailed);
        else _deadlines.Set(Deadline.Restart, _host.Now + _limits.AwaitRestart);
    }

    private void LoseChat(CallLink link)
    {
        link.Chat = null;
        if (_sender.Chat == link) _sender.Chat = null;
    }

    private void CloseSuperseded()
    {
        _deadlines.Stop(Deadline.Superseded);
        foreach (var old in _links.Where(l => l != Current && !l.IsOver))
        {
            if (_sender.Chat == old) _sender.Chat = null;
            old.Close();
        }
    }

    private void OnTime(Instant now)
    {
        if (_deadlines.TryTake(Deadline.AgentReady, now))
            OnAgentEnded(new TimeoutException($"The agent was not ready after {_host.Budget.AgentReady.TotalSeconds:0.#} s."));
        if (_deadlines.TryTake(Deadline.Superseded, now)) CloseSuperseded();
        if (_deadlines.TryTake(Deadline.IceServers, now)) RenewIceServers();
        if (_deadlines.TryTake(Deadline.Stale, now)) Leave(HangUpReason.ConnectionLost);
        if (_deadlines.TryTake(Deadline.Restart, now))
            Leave(Current is { Stage: LinkStage.Complete } ? HangUpReason.ConnectionLost : HangUpReason.NeverCame);
    }

    // The stock client stops the shared microphone track when it closes the old connection: the agent would be deaf, and
    // neither side would say so.
    private void OnSilent(CallLink link, Observation.FirstMediaMissing seen)
    {
        if (link != Current || link.IsOver || !_microphoneOn) return;

        _host.Log.MicrophoneSilent(Id, _host.Budget.FirstMedia.TotalSeconds, seen.Received, seen.Sent);
        _sender.TrySend(RtviWriter.MicrophoneSilent);
        string since = link.IsRestart ? "since the connection was restored. Please reconnect." : "since the call began. Is it muted by the system?";
        _sender.TrySend(RtviWriter.Error($"No audio has come from the microphone {since}", fatal: false));
    }
}
