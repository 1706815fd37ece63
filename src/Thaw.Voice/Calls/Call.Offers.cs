using Thaw.Net;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

internal sealed partial class Call
{
    private const int RestartRefused = 409; // final to the client, and the one status that no proxy retries or caches

    private int _failedRestarts;
    private bool _wasComplete;

    private async ValueTask OnOfferAsync(CallInput.Offered offered)
    {
        OfferResult result;
        try
        {
            offered.Cancel.ThrowIfCancellationRequested();
            result = await AnswerAsync(offered.Offer, offered.Cancel);
        }
        catch (OperationCanceledException)
        {
            result = new OfferResult.Busy("The answer took too long.");
        }
        catch (PeerHostException e)
        {
            result = new OfferResult.Busy(e.Message);
        }
        catch (Exception e)
        {
            _host.Log.OfferFaulted(e, Id);
            result = new OfferResult.Busy("The server could not answer this offer.");
        }

        offered.Reply.TrySetResult(result);
        if (result is OfferResult.Refused { Status: RestartRefused }) Leave(HangUpReason.TooManyRestarts);
        else if (Current is null) Leave(HangUpReason.OfferRefused);
    }

    private async ValueTask<OfferResult> AnswerAsync(Offer offer, CancellationToken cancel)
    {
        if (_links.Find(l => !l.IsOver && l.Last?.Offer == offer.Sdp) is { Last: { } before }) return before.Answer; // posted twice

        var addressed = _links.Find(l => l.PcId == offer.PcId);
        if (addressed is { IsOver: false } && !offer.Restart && await NegotiateAsync(addressed, offer, cancel) is { } result)
            return result;

        return await ReplaceAsync(offer, cancel);
    }

    /// <summary>A new peer connection in this call: the first one, or a restart's.</summary>
    private async ValueTask<OfferResult> ReplaceAsync(Offer offer, CancellationToken cancel)
    {
        if (Current is { Stage: not LinkStage.Complete } failed && (_failedRestarts + 1 >= _limits.RestartsWithoutSuccess || IsConclusive(failed, offer)))
        {
            _host.Log.RestartsExhausted(Id, failed.Stage);
            return new OfferResult.Refused(RestartRefused, Verdict.On(failed, _failedRestarts + 1));
        }

        var link = new CallLink(this, CallHost.NewPcId(), offer.Ufrag, isRestart: offer.Restart || Current is not null);
        OfferResult? result = null;
        try
        {
            link.Peer = await _host.Peers.OpenAsync(offer, link, cancel);
            result = await NegotiateAsync(link, offer, cancel) ?? new OfferResult.Busy("The connection closed at once.");
            return result;
        }
        finally
        {
            if (result is OfferResult.Answered) Adopt(link);
            else link.Close();
        }
    }

    /// <summary>Null if the connection was closed meanwhile; what it was before is unchanged by a refusal.</summary>
    private async ValueTask<OfferResult?> NegotiateAsync(CallLink link, Offer offer, CancellationToken cancel)
    {
        var (outcome, audio) = await link.Peer!.AcceptAsync(offer.Sdp, cancel);
        switch (outcome)
        {
            case OfferOutcome.Answered answered:
                var answer = new OfferResult.Answered(answered.Sdp, link.PcId);
                link.Last = new(offer.Sdp, answer);
                link.RemoteUfrag = offer.Ufrag;
                link.Caller = offer.Caller;
                TakeAudio(link, audio);
                if (_early.Take(offer.Ufrag, _host.Now) is { Count: > 0 } early) link.Peer.AddCandidates(early);
                return answer;

            case OfferOutcome.Refused { Reason: OfferRefusal.Closed }: return null;
            case OfferOutcome.Refused { Reason: OfferRefusal.NoLocalCandidate } none: return new OfferResult.Busy(none.Detail);
            case OfferOutcome.Refused refused: return new OfferResult.Refused(400, refused.Detail);
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private void TakeAudio(CallLink link, AudioFormat? format)
    {
        if (link.Format == format) return;
        link.Format = format;
        if (link == Current && link.Stage >= LinkStage.Encrypted) StartAudio(link); // a renegotiation brought it, or another codec
    }

    private void Adopt(CallLink link)
    {
        if (Current is { Stage: not LinkStage.Complete }) _failedRestarts++;
        foreach (var old in _links.Where(l => !l.IsOver))
        {
            if (old.Stage < LinkStage.Encrypted) old.Close(); // it carries nothing that could be missed
            else _deadlines.Set(Deadline.Superseded, _host.Now + _limits.Superseded);
        }

        bool first = _links.Count == 0;
        _links.Add(link);
        _host.Register(link);
        _deadlines.Stop(Deadline.Restart);
        _deadlines.Stop(Deadline.Stale);
        if (first) PrepareAgent();
        else _host.Log.CallRestarted(Id);
    }

    // Silence to the end of its budget, from a client that has never been connected here and has not moved since: the next
    // attempt would end as this one did. A sign of life, however late, or another network earns another attempt.
    private bool IsConclusive(CallLink failed, Offer offer)
        => _limits.RefuseConclusive && !_wasComplete
            && failed is { Failure: { Reason: PeerFailure.NoCandidates or PeerFailure.ChecksTimedOut, Evidence.Datagrams: 0 }, SpokeLate: false }
            && failed.Caller == offer.Caller;
}
