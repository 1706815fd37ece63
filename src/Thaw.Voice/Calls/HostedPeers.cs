using Thaw.Net;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>Peer connections on the socket loops.</summary>
internal sealed class HostedPeers(PeerHost host, PeerConfig config) : ICallPeers
{
    public async ValueTask<ICallPeer> OpenAsync(bool nearby, IPeerListener listener, CancellationToken cancel)
    {
        var handle = await host.AddAsync(
            (seat, now) => new PeerConnection(config, Offered(seat.LocalCandidates, nearby), seat.UfragPrefix, seat.Random, now),
            listener, cancel);
        _ = ReportEndAsync(handle, listener);
        return new HostedPeer(handle, () => Offered(host.LocalCandidates, nearby));
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
