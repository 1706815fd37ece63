using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Net.Loop;

/// <summary>What a loop needs of a peer. The tests' echo peer is the other one.</summary>
internal interface IHostedPeer : IMachine, IDisposable
{
    string LocalUfrag { get; }
    bool IsClosed { get; }
    void SendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now);
    bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data, Instant now);
    void PathClosed(TransportAddress local, TransportAddress remote, Instant now);
    void Close(Instant now);
}

internal sealed class HostedPeerConnection(PeerConnection peer) : IHostedPeer
{
    public PeerConnection Peer => peer;
    public string LocalUfrag => peer.LocalCredentials.Ufrag;
    public bool IsClosed => peer.IsClosed;
    public void Receive(in Datagram datagram, Instant now) => peer.Receive(datagram, now);
    public void Advance(Instant now) => peer.Advance(now);
    public Output Poll(Span<byte> buffer, Instant now) => peer.Poll(buffer, now);
    public void SendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now) => peer.SendAudio(payload, timestamp, marker, now);
    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data, Instant now) => peer.TrySendMessage(stream, isText, data, now);
    public void PathClosed(TransportAddress local, TransportAddress remote, Instant now) => peer.PathClosed(local, remote, now);
    public void Close(Instant now) => peer.Close(now);
    public void Dispose() => peer.Dispose();
}
