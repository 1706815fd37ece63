using Thaw.Net;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>Peer connections on the socket loops.</summary>
internal sealed class HostedPeers(PeerHost host, PeerConfig config) : ICallPeers
{
    public async ValueTask<ICallPeer> OpenAsync(bool nearby, IPeerListener listener, CancellationToken cancel)
        => new HostedPeer(await host.AddAsync(
            (seat, now) => new PeerConnection(config, Offered(seat.LocalCandidates, nearby), seat.UfragPrefix, seat.Random, now),
            listener, cancel));

    /// <summary>Loopback only for callers on this machine: for anyone else such a candidate is a wasted check.</summary>
    internal static IReadOnlyList<Candidate> Offered(IReadOnlyList<Candidate> all, bool nearby)
    {
        if (nearby) return all;
        Candidate[] reachable = [.. all.Where(c => !c.Address.IsLoopback)];
        return reachable is [] ? all : reachable;
    }

    private sealed class HostedPeer(PeerHandle handle) : ICallPeer
    {
        public ValueTask<Acceptance> AcceptAsync(string offer, CancellationToken cancel)
            => handle.PostAsync((peer, now) =>
            {
                var outcome = peer.Accept(offer, now);
                return new Acceptance(outcome, outcome is OfferOutcome.Answered ? peer.Audio : null);
            }, cancel);

        public void AddCandidates(IReadOnlyList<string> lines) => _ = AddAsync(lines);

        public ValueTask<bool> TrySendMessageAsync(ushort stream, bool isText, ReadOnlyMemory<byte> content, CancellationToken cancel)
            => handle.PostAsync((peer, now) => peer.TrySendMessage(stream, isText, content.Span, now), cancel);

        public bool TrySendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker)
            => handle.TrySendAudio(payload, timestamp, marker);

        public void Close() => handle.Close();

        private async Task AddAsync(IReadOnlyList<string> lines)
        {
            try
            {
                await handle.PostAsync((peer, now) => lines.Count(line => peer.AddRemoteCandidate(line, now)), CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                // The connection went first: its candidates are of no more use.
            }
        }
    }
}
