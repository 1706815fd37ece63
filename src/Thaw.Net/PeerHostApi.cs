using System.Net;
using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;

// Stands in for the socket loops until they are merged: the same declarations, no bodies.
namespace Thaw.Net;

public sealed record PeerHostOptions
{
    public int UdpPort { get; init; } = 7860;
    public IReadOnlyList<IPAddress>? Addresses { get; init; }
    public int Shards { get; init; }
    public bool EnableIPv6 { get; init; } = true;
}

public delegate PeerConnection PeerFactory(PeerSeat seat, Instant now);

public sealed record PeerSeat(IReadOnlyList<Candidate> LocalCandidates, string UfragPrefix, RandomNumberGenerator Random);

public interface IPeerListener
{
    void OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now);
    void OnEvent(PeerEvent e, Instant now);
    void OnObservation(Observation o, Instant now);
}

#pragma warning disable CA1822, CA1065
public sealed class PeerHost : IAsyncDisposable
{
    public static PeerHost Open(PeerHostOptions options, TimeProvider time) => throw new NotImplementedException();
    public IReadOnlyList<Candidate> LocalCandidates => throw new NotImplementedException();
    public int UdpPort => throw new NotImplementedException();
    public ValueTask<PeerHandle> AddAsync(PeerFactory create, IPeerListener listener, CancellationToken cancel) => throw new NotImplementedException();
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

public sealed class PeerHandle
{
    public ValueTask<T> PostAsync<T>(Func<PeerConnection, Instant, T> action, CancellationToken cancel) => throw new NotImplementedException();
    public bool TrySendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker) => throw new NotImplementedException();
    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data) => throw new NotImplementedException();
    public void Close() { }
}
