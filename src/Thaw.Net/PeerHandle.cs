using Thaw.Net.Loop;
using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Net;

/// <summary>A session as other threads see it: everything here is posted to the loop that owns the peer connection.</summary>
public sealed class PeerHandle
{
    private readonly Session _session;
    private readonly PeerConnection _peer;

    internal PeerHandle(Session session, PeerConnection peer)
    {
        _session = session;
        _peer = peer;
    }

    /// <summary>Ends when the session is gone from the host; faulted if its machine or listener threw.</summary>
    public Task Completion => _session.Completion;

    /// <summary>
    /// Runs <paramref name="action"/> on the loop, polls the connection until Idle, then completes. The await goes on
    /// off the loop. An exception out of the action reaches the caller and ends the session: machines do not throw on input.
    /// </summary>
    /// <exception cref="PeerHostException">The session is closed.</exception>
    public ValueTask<T> PostAsync<T>(Func<PeerConnection, Instant, T> action, CancellationToken cancel)
        => _session.PostAsync(now => action(_peer, now), cancel);

    /// <summary>Queues a copy of one frame, from any thread. False if the queue is full or the session closed.</summary>
    public bool TrySendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker)
        => _session.TrySendAudio(payload, timestamp, marker);

    /// <summary>Queues a copy of one message, from any thread. False if the queue is full or the session closed.</summary>
    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data)
        => _session.TrySendMessage(stream, isText, data);

    /// <summary>Says goodbye after everything queued before; never lost, however full the queue.</summary>
    public void Close() => _session.Close();
}
