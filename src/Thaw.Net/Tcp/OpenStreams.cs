using System.Collections.Concurrent;
using Thaw.Net.Loop;

namespace Thaw.Net.Tcp;

/// <summary>Every open TCP connection of a host by its flow. Reading takes no lock; any thread may.</summary>
internal sealed class OpenStreams
{
    private readonly ConcurrentDictionary<Flow, FramedStream> _byFlow = new();

    public int Count => _byFlow.Count;

    public bool TryFind(in Flow flow, out FramedStream stream) => _byFlow.TryGetValue(flow, out stream!);

    public bool TryAdd(FramedStream stream) => _byFlow.TryAdd(stream.Flow, stream);

    public void Remove(FramedStream stream) => _byFlow.TryRemove(new(stream.Flow, stream));

    /// <summary>Its session has ended: what is queued goes out, then the stream closes.</summary>
    public void Complete(in Flow flow)
    {
        if (TryFind(flow, out var stream)) stream.Complete(StreamEnd.SessionEnded);
    }

    public IEnumerable<FramedStream> All => _byFlow.Select(entry => entry.Value);
}
