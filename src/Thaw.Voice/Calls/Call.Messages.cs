using Thaw.Protocol.Peer;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice.Calls;

internal sealed partial class Call
{
    private const int MaxQueuedMessages = 4096; // the rest of the mailbox is kept for what must not be lost
    private const int MaxQueuedBytes = 4 << 20;

    private int _queuedMessages, _queuedBytes;
    private bool _microphoneOn = true;
    private (string? Id, string Version)? _clientReady;

    /// <summary>Called by the network loop: a flood is dropped and counted here, before it costs anything.</summary>
    public bool PostMessage(CallLink link, PeerEvent.ChannelMessage message)
    {
        if (Interlocked.Increment(ref _queuedMessages) <= MaxQueuedMessages
            && Interlocked.Add(ref _queuedBytes, message.Data.Length) <= MaxQueuedBytes
            && Post(new CallInput.FromPeer(link, message))) return true;

        Release(message);
        Counters.CountDropped();
        return false;
    }

    private void Release(PeerEvent.ChannelMessage message)
    {
        Interlocked.Decrement(ref _queuedMessages);
        Interlocked.Add(ref _queuedBytes, -message.Data.Length);
    }

    private void OnMessage(CallLink link, PeerEvent.ChannelMessage message)
    {
        Release(message);
        if (_over is not null) return;

        switch (ChannelMessage.Parse(message.IsText, message.Data))
        {
            case ChannelMessage.Ping: if (link == Current) _deadlines.Stop(Deadline.Stale); break;
            case ChannelMessage.TrackStatus { Receiver: 0 } microphone: _microphoneOn = microphone.Enabled; break;
            case ChannelMessage.Rtvi rtvi: OnRtvi(rtvi, message.Data.Length); break;
            case ChannelMessage.Malformed: Counters.CountMalformed(); break;
            case ChannelMessage.Foreign:
                if (!TryTellAgent(new AgentMessage.Raw(message.Stream, message.IsText, message.Data) { Link = link }, message.Data.Length)) Counters.CountDropped();
                break;
        }
    }

    private void OnRtvi(ChannelMessage.Rtvi message, int size)
    {
        switch (message.Type)
        {
            case "client-ready": OnClientReady(message); break;
            case "disconnect-bot": DismissAgent(); break;
            case "client-message" when message.Data?.Text("t") is { } type:
                Tell(new AgentMessage.Client(message.Id, type, message.Data?.Member("d")), size);
                break;
            case "send-text" when message.Data?.Text("content") is { } text:
                Tell(new AgentMessage.Text(message.Id, text, Option(message, "run_immediately"), Option(message, "audio_response")), size);
                break;
            case "client-message" or "send-text":
                Counters.CountMalformed();
                Refuse(message.Id, $"Malformed {message.Type}");
                break;
            case "dtmf" or "llm-function-call-result" or "ui-event" or "ui-snapshot" or "ui-cancel-job-group":
                Tell(new AgentMessage.Other(message.Id, message.Type, message.Data), size);
                break;
            default: Refuse(message.Id, $"Unsupported type {message.Type}"); break;
        }
    }

    private void OnClientReady(ChannelMessage.Rtvi message)
    {
        // A 1.x client is answered in kind, as Pipecat does: its own version check compares major numbers.
        string version = message.Data?.Text("version") is { } theirs && theirs.StartsWith("1.", StringComparison.Ordinal) ? theirs : RtviWriter.Version;
        _clientReady = (message.Id, version);
        if (_prepared) SendBotReady();
    }

    private void SendBotReady()
    {
        if (_clientReady is { } client) _sender.TrySend(RtviWriter.BotReady(client.Id, client.Version, _agent.Name));
    }

    private void Tell(AgentMessage message, int size)
    {
        if (!TryTellAgent(message, size))
            Refuse(message.Id, _dismissed ? "The agent has left." : _isAgentStuck ? "The agent does not answer." : "The agent has too many messages waiting.");
    }

    private void Refuse(string? id, string error)
    {
        if (id is not null) _sender.TrySend(RtviWriter.ErrorResponse(id, error));
    }

    private static bool Option(ChannelMessage.Rtvi message, string name) // absent means true
        => message.Data?.Member("options")?.Truth(name) is not false;
}
