using System.Globalization;

namespace Thaw.Protocol.Peer;

public sealed partial class PeerConnection
{
    // More than the few packets that leave before a client's clean-up stops its microphone; fewer than ten seconds of Opus
    // with discontinuous transmission, which is a packet every 400 ms.
    private const int FewPackets = 15;

    private readonly AttemptTally _tally = new();
    private Instant _attemptBegan;

    private ConnectBudget Budget => _config.Budget;

    /// <summary>Our offer is on its way: nothing but its answer can come now.</summary>
    private void AwaitAnswer(Instant now)
    {
        foreach (var timer in (ReadOnlySpan<Timer>)[Timer.Candidates, Timer.Checks, Timer.Attempt]) _timers.Stop(timer);
        _tally.Clear();
        _attemptBegan = now;
        _timers.Set(Timer.Answer, now + Budget.Whole);
    }

    /// <summary>Both descriptions are known, and there is no path yet. A restart before there is one begins anew.</summary>
    private void BeginAttempt(Instant now)
    {
        bool isOurOffer = _timers.IsSet(Timer.Answer); // then the whole counts from there, and the peer may have checked already
        if (!isOurOffer) _tally.Clear();
        _attemptBegan = now;
        _timers.Set(Timer.Attempt, isOurOffer ? _timers.DueAt(Timer.Answer) : now + Budget.Whole);
        _timers.Stop(Timer.Answer);
        _timers.Stop(Timer.Checks);
        _timers.Set(Timer.Candidates, now + Budget.Candidates);
    }

    /// <summary>Everything that is observed passes here: the evidence is counted, and signs of life move the deadlines.</summary>
    private void Watch(Observation seen, Instant now)
    {
        _tally.Note(seen);
        if (!_timers.IsSet(Timer.Attempt) || _ice.Usable is not null) return;

        bool isCheck = seen is Observation.CheckReceived && !_timers.IsSet(Timer.Checks);
        if (isCheck || (seen is Observation.RemoteCandidateLearned && _ice.Pairs.Count > 0))
        {
            _timers.Stop(Timer.Candidates);
            _timers.Set(Timer.Checks, WithinPath(now + Budget.Checks));
        }
        else if (seen is Observation.RemoteCandidateLearned or Observation.RemoteCandidateUnused or Observation.RemoteCandidateHidden && _timers.IsSet(Timer.Candidates))
        {
            _timers.Set(Timer.Candidates, WithinPath(now + Budget.Candidates)); // of no use, but somebody is there
        }
    }

    private Instant WithinPath(Instant due) => Instant.Earlier(due, _attemptBegan + Budget.Path);

    private void PathFound()
    {
        _timers.Stop(Timer.Candidates);
        _timers.Stop(Timer.Checks);
    }

    private void AwaitChannel(Instant now)
        => _timers.Set(Timer.Channel, Instant.Earlier(now + Budget.Sctp, _timers.DueAt(Timer.Attempt)));

    /// <summary>Nothing of what was negotiated is missing any more.</summary>
    private void AttemptSucceeded()
    {
        _timers.Stop(Timer.Channel);
        _timers.Stop(Timer.Attempt);
    }

    private void AwaitMedia(Instant now)
    {
        if (!_audio.IsSentByPeer) _timers.Stop(Timer.FirstMedia);
        else if (_isEncrypted && _audio.Received <= FewPackets) _timers.Set(Timer.FirstMedia, now + Budget.FirstMedia);
    }

    private void CheckDeadlines(Instant now)
    {
        if (_timers.TryTake(Timer.Answer, now)) Fail(PeerFailure.NoAnswer, $"the offer got no answer within {Seconds(Budget.Whole)}", now);
        if (_timers.TryTake(Timer.Candidates, now) || _timers.TryTake(Timer.Checks, now)) FailPath(now);
        if (_timers.TryTake(Timer.Channel, now)) FailChannel(now);
        if (_timers.TryTake(Timer.Attempt, now)) FailOpenStage(now);
        if (_timers.TryTake(Timer.Recovery, now))
            Fail(PeerFailure.PathNotRecovered, $"the path was lost and did not come back within {Seconds(Budget.Recovery)}", now);
        if (_timers.TryTake(Timer.FirstMedia, now) && _audio.Received <= FewPackets)
            _outputs.Enqueue(new Observation.FirstMediaMissing(_audio.Received, _audio.Sent));
    }

    private void FailOpenStage(Instant now)
    {
        if (_isEncrypted) FailChannel(now);
        else if (_ice.Usable is null) FailPath(now);
        else Fail(PeerFailure.DtlsTimedOut, $"the handshake was not complete {Seconds(now - _attemptBegan)} after the answer", now);
    }

    private void FailPath(Instant now)
    {
        var seen = Evidence(now);
        string time = Seconds(seen.Elapsed), none = $"no candidate pair worked within {time}";
        string detail = seen.Path switch
        {
            PathFinding.NothingNamed => $"the client named no usable candidate ({seen.Remote}) and sent no check within {time}",
            PathFinding.NothingFits => $"none of the client's candidates ({seen.Remote}) fits one of ours ({seen.Local})",
            PathFinding.NothingReturned => $"{none}: {seen.ChecksReceived} checks of the client's arrived, none of our {seen.ChecksSent} was answered",
            PathFinding.Refused => $"{none}: the client refused {seen.ChecksRefused} of our {seen.ChecksSent} checks, with {seen.StunError} at last",
            PathFinding.WrongCredentials => $"{none}: checks arrived that were made with another answer's password",
            _ => $"{none}: {seen.ChecksSent} checks sent to the client's candidates ({seen.Remote}), none answered and none received",
        };
        var reason = seen.Path is PathFinding.NothingNamed or PathFinding.NothingFits ? PeerFailure.NoCandidates : PeerFailure.ChecksTimedOut;
        Fail(reason, detail, now);
    }

    private void FailChannel(Instant now)
    {
        string missing = _tally.IsAssociated ? "the client opened none" : "the SCTP association did not come up";
        Fail(PeerFailure.DataChannelTimedOut, $"no data channel {Seconds(now - _attemptBegan)} after the answer: {missing}", now);
    }

    private AttemptEvidence Evidence(Instant now) => _tally.Sum(now - _attemptBegan, _localCandidates, _unresolved.Count, _ice.Pairs.Count, _isEncrypted);

    // Where the connection still works, the other side hears of it now and not when its consent expires.
    private void Fail(PeerFailure reason, string detail, Instant now) => SayGoodbye(detail, new PeerEvent.Failed(reason, detail, Evidence(now)), now);

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#} s");
}
