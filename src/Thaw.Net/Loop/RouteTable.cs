using System.Collections.Concurrent;
using Thaw.Net.Tcp;
using Thaw.Protocol;

namespace Thaw.Net.Loop;

/// <summary>A datagram's two ends, both over UDP or both over TCP.</summary>
internal readonly record struct Flow(TransportAddress Local, TransportAddress Remote);

/// <summary>
/// Whose datagram is it? One table for all loops, because the kernel and not we choose the loop that receives it.
/// Reading takes no lock and allocates nothing; only the owning loop of a session adds its entries.
/// </summary>
internal sealed partial class RouteTable
{
    private const int LongestUfrag = 256; // RFC 8839 §5.4

    private readonly ConcurrentDictionary<Flow, Session> _flows = new();
    private readonly ConcurrentDictionary<string, Session> _ufrags = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Session>.AlternateLookup<ReadOnlySpan<char>> _ufragsBySpan;

    public RouteTable() => _ufragsBySpan = _ufrags.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The streams that carry the flows over TCP: they end with their flows, and their flows with them.</summary>
    public OpenStreams Streams { get; } = new();

    public int FlowCount => _flows.Count;

    public int UfragCount => _ufrags.Count;

    public bool TryFind(in Flow flow, out Session session) => _flows.TryGetValue(flow, out session!);

    public bool TryFind(ReadOnlySpan<byte> ufrag, out Session session)
    {
        session = null!;
        if (ufrag.Length > LongestUfrag) return false;

        Span<char> text = stackalloc char[LongestUfrag];
        for (int i = 0; i < ufrag.Length; i++) text[i] = (char)ufrag[i];
        return _ufragsBySpan.TryGetValue(text[..ufrag.Length], out session!);
    }

    public void Add(string ufrag, Session session) => _ufrags[ufrag] = session;

    /// <summary>For a flow that nobody has.</summary>
    public bool TryAdd(in Flow flow, Session session) => _flows.TryAdd(flow, session);

    /// <summary>For a flow whose remote end has just proven that it holds this session's password.</summary>
    public void Take(in Flow flow, Session session) => _flows[flow] = session;

    /// <summary>Forgets the flow unless another session has taken it since.</summary>
    public void Remove(in Flow flow, Session session)
    {
        if (_flows.TryRemove(new(flow, session)) && flow.Local.Protocol is TransportProtocol.Tcp) Streams.Complete(flow);
    }

    /// <summary>The stream under this flow has ended: nobody has it any more. From any thread.</summary>
    public void Forget(in Flow flow)
    {
        if (_flows.TryRemove(flow, out var session)) session.TryTellPathClosed(flow);
    }

    public void Remove(string ufrag, Session session) => _ufrags.TryRemove(new(ufrag, session));
}
