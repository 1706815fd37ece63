using System.Text.Json;
using Thaw.Voice.Calls;
using Thaw.Voice.Rtvi;

namespace Thaw.Voice;

/// <summary>An agent's side of one call. It outlives the peer connections under it: a reconnect is not seen here.</summary>
public sealed class VoiceCall
{
    private readonly CallAudio _audio;
    private readonly MessageSender _sender;
    private readonly TimeProvider _time;
    private readonly Action _hangUp;

    internal VoiceCall(string id, JsonElement? requestData, CallAudio audio, MessageSender sender, TimeProvider time, Action hangUp)
    {
        (Id, RequestData, _audio, _sender, _time, _hangUp) = (id, requestData, audio, sender, time, hangUp);
    }

    /// <summary>Opaque; the same for the whole call.</summary>
    public string Id { get; }

    /// <summary>What the page gave to <c>connect()</c> or <c>/start</c>, if anything.</summary>
    public JsonElement? RequestData { get; }

    public int SampleRate => _audio.SampleRate;

    /// <summary>Samples in 20 ms: what <see cref="AudioInput.ReadAsync"/> fills.</summary>
    public int FrameLength => _audio.FrameLength;

    /// <summary>The client's voice, 50 frames a second; silence where packets were lost.</summary>
    public AudioInput Audio => _audio.Input;

    /// <summary>Queues samples for playing. False, and nothing queued, if less than that is free of the one second.</summary>
    public bool TryPlay(ReadOnlySpan<short> samples) => _audio.Output.TryWrite(samples);

    /// <summary>Queues any amount, waiting for room as it plays.</summary>
    public async ValueTask PlayAsync(ReadOnlyMemory<short> samples, CancellationToken cancel)
    {
        while (samples.Length > 0)
        {
            var frame = samples[..Math.Min(FrameLength, samples.Length)];
            while (!TryPlay(frame.Span)) await Task.Delay(CallAudio.FrameDuration, _time, cancel);
            samples = samples[frame.Length..];
        }
    }

    /// <summary>Drops what is queued for playing: the user has interrupted.</summary>
    public void StopPlaying() => _audio.Output.Clear();

    /// <summary>Tells the client one of the facts that need no data, such as who is speaking.</summary>
    public bool TryNotify(RtviNotice notice) => _sender.TrySend(RtviWriter.Notice(notice));

    /// <summary>Tells the client what the agent says, in words.</summary>
    public bool TrySendOutput(string text) => _sender.TrySend(RtviWriter.BotOutput(text));

    /// <summary>Tells the client what the user was heard to say.</summary>
    public bool TrySendTranscription(string text, bool isFinal)
        => _sender.TrySend(RtviWriter.UserTranscription(text, _time.GetUtcNow(), isFinal));

    /// <summary>Sends the application's own data (RTVI <c>server-message</c>).</summary>
    public bool TrySendServerMessage(JsonElement data) => _sender.TrySend(RtviWriter.ServerMessage(data));

    /// <summary>Answers a <see cref="AgentMessage.Client"/> (RTVI <c>server-response</c>).</summary>
    public bool TryRespond(AgentMessage.Client request, JsonElement? data)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _sender.TrySend(RtviWriter.ServerResponse(request.Id, request.Type, data));
    }

    /// <summary>Answers that this message cannot be served. Only a message with an identifier can be answered.</summary>
    public bool TryRefuse(AgentMessage message, string error)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.Id is { } id && _sender.TrySend(RtviWriter.ErrorResponse(id, error));
    }

    /// <summary>Sends bytes as they are, on the stream that <paramref name="request"/> came by.</summary>
    public bool TrySendBack(AgentMessage.Raw request, ReadOnlyMemory<byte> content)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _sender.TrySend(new Outgoing(content, request.IsText, request.Link, request.Stream));
    }

    /// <summary>Says goodbye and ends the call.</summary>
    public void HangUp() => _hangUp();
}
