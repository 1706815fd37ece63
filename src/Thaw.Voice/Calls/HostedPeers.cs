using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>Peer connections on the socket loops.</summary>
internal sealed class HostedPeers(PeerHost host, PeerConfig config) : ICallPeers
{
    private const ushort AnyPort = 9; // discard: a permission is for an IP address (RFC 8656 §2), the port is only there to be there

    public async ValueTask<ICallPeer> OpenAsync(Offer offer, IPeerListener listener, CancellationToken cancel)
    {
        var handle = await host.AddAsync(Create, listener, cancel);
        _ = ReportEndAsync(handle, listener);
        return new HostedPeer(handle, () => Offered(host.LocalCandidates, offer.Nearby));

        PeerConnection Create(PeerSeat seat, Instant now)
        {
            var peer = new PeerConnection(config, Offered(seat.LocalCandidates, offer.Nearby), seat.UfragPrefix, seat.Random, now) { Nat64 = seat.Nat64 };
            if (offer.From is { } from) peer.Expect(new TransportAddress(from, AnyPort), now);
            return peer;
        }
    }

    /// <summary>Loopback only for callers on this machine: for anyone else such a candidate is a wasted check.</summary>
    internal static IReadOnlyList<Candidate> Offered(IReadOnlyList<Candidate> all, bool nearby)
    {
        if (nearby) return all;
        Candidate[] reachable = [.. all.Where(c => !c.Base.IsLoopback)];
        return reachable is [] ? all : reachable;
    }

    // A session that crashed says nothing more by itself; after any other end this says what the call knows already.
    private async Task ReportEndAsync(PeerHandle handle, IPeerListener listener)
    {
        await handle.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.OnEvent(handle.Completion.Exception is { } crash ? new PeerEvent.Failed(PeerFailure.Crashed, crash.ToString()) : new PeerEvent.Closed(), host.Now);
    }

    private sealed class HostedPeer(PeerHandle handle, Func<IReadOnlyList<Candidate>> candidates) : ICallPeer
    {
        public async ValueTask<Acceptance> AcceptAsync(string offer, CancellationToken cancel)
        {
            try
            {
                return await handle.PostAsync((peer, now) =>
                {
                    peer.UpdateLocalCandidates(candidates(), now); // a restart names what was learned since
                    var outcome = peer.Accept(offer, now);
                    return new Acceptance(outcome, outcome is OfferOutcome.Answered ? peer.Audio : null);
                }, cancel);
            }
            catch (PeerHostException e) when (e.Error is PeerHostError.SessionClosed or PeerHostError.SessionCrashed)
            {
                return new(new OfferOutcome.Refused(OfferRefusal.Closed, e.Message), null);
            }
        }

        public void AddCandidates(IReadOnlyList<string> lines) => _ = AddAsync(lines);

        public async ValueTask<bool> TrySendMessageAsync(ushort stream, bool isText, ReadOnlyMemory<byte> content, CancellationToken cancel)
        {
            try
            {
                return await handle.PostAsync((peer, now) => peer.TrySendMessage(stream, isText, content.Span, now), cancel);
            }
            catch (PeerHostException)
            {
                return false; // the connection went first
            }
        }

        public bool TrySendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker)
            => handle.TrySendAudio(payload, timestamp, marker);

        public void Close() => handle.Close();

        private async Task AddAsync(IReadOnlyList<string> lines)
        {
            try
            {
                await handle.PostAsync((peer, now) => lines.Count(line => peer.AddRemoteCandidate(line, now)), CancellationToken.None);
            }
            catch (PeerHostException)
            {
                // The connection went first: its candidates are of no more use.
            }
        }
    }
}
