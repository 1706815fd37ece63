using System.Diagnostics;
using Thaw.Net.Loop;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Peer;

namespace Thaw.Net.Gathering;

/// <summary>A gatherer on a loop, as if it were a peer: its datagrams leave by the shared port and come back by their flows.</summary>
/// <param name="happened">Called on the loop.</param>
internal sealed class HostedGatherer(Gatherer gatherer, Action<GatheringEvent> happened) : IHostedPeer
{
    public Gatherer Gatherer => gatherer;

    public string? LocalUfrag => null; // nobody asks for it by name

    public bool IsClosed => false; // it lives as long as its host

    public void Receive(in Datagram datagram, Instant now) => gatherer.Receive(datagram, now);

    public void Advance(Instant now) => gatherer.Advance(now);

    public Output Poll(Span<byte> buffer, Instant now)
    {
        while (true)
        {
            var output = gatherer.Poll(buffer, now);
            if (output.Kind is not OutputKind.Event) return output;
            happened((GatheringEvent)output.Value!);
        }
    }

    /// <summary>What a session sends from a relayed address.</summary>
    public void SendRelayed(in Flow flow, ReadOnlySpan<byte> payload, Instant now) => gatherer.SendRelayed(flow.Local, flow.Remote, payload, now);

    /// <summary>The dialler tells of its connections itself.</summary>
    public void PathClosed(TransportAddress local, TransportAddress remote, Instant now) { }

    public void SendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now) => throw new UnreachableException();

    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data, Instant now) => throw new UnreachableException();

    public void Close(Instant now) => gatherer.Close(now);

    public void Dispose() { }
}

/// <summary>Passes on what a gatherer noticed.</summary>
internal sealed class GatheringListener(Action<Observation> observed) : IPeerListener
{
    public void OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now) => throw new UnreachableException();

    public void OnEvent(PeerEvent e, Instant now) => throw new UnreachableException();

    public void OnObservation(Observation o, Instant now) => observed(o);
}
