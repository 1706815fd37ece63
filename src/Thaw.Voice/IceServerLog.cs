using Thaw.Net.Gathering;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Voice;

/// <summary>One line for each ICE server, and another when its outcome changes. What came before there was a log is kept for it.</summary>
internal sealed class IceServerLog(VoiceServerOptions options)
{
    private const int MostPending = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _outcomes = [];
    private readonly Queue<Observation> _pending = [];
    private ILogger? _log;

    /// <summary>As they are now; those that the host was opened with at first.</summary>
    public IReadOnlyList<IceServer> Servers { get; set; } = options.IceServers;

    public void Attach(ILogger log)
    {
        lock (_lock)
        {
            _log = log;
            while (_pending.TryDequeue(out var early)) Write(log, early);
        }
    }

    /// <summary>From any thread.</summary>
    public void Observe(Observation observation)
    {
        lock (_lock)
        {
            if (_log is not null) Write(_log, observation);
            else if (_pending.Count < MostPending) _pending.Enqueue(observation);
        }
    }

    private void Write(ILogger log, Observation observation)
    {
        switch (observation)
        {
            case Observation.MappedAddressLearned told when told.Server.StartsWith("stun", StringComparison.OrdinalIgnoreCase):
                if (IsNews(told.Server, "told")) log.MappedAddress(told.Server, (int)told.RoundTrip.TotalMilliseconds);
                break;
            case Observation.RelayAllocated relay:
                if (IsNews(relay.Server, "relays")) log.Relays(relay.Server, (int)relay.Took.TotalMilliseconds);
                break;
            case Observation.RelayLost lost when lost.Cause is not GatheringFailure.Withdrawn:
                if (IsNews(lost.Server, "lost")) log.RelayLost(lost.Server, lost.Cause.ToString());
                break;
            case Observation.GatheringFailed failed when _outcomes.GetValueOrDefault(failed.Server) is not ("told" or "relays"): // by another of its ways
                string why = Explain(failed);
                if (!IsNews(failed.Server, why)) break;
                if (failed.RetryIn == TimeSpan.MaxValue) log.IceServerUseless(failed.Server, why);
                else log.IceServerFailed(failed.Server, why, (int)Math.Ceiling(failed.RetryIn.TotalSeconds));
                break;
        }
    }

    private bool IsNews(string server, string outcome)
    {
        if (_outcomes.GetValueOrDefault(server) == outcome) return false;
        _outcomes[server] = outcome;
        return true;
    }

    // A host's detail is a sentence without addresses; a server's own words are not ours to repeat.
    private string Explain(Observation.GatheringFailed failed) => failed.Cause switch
    {
        GatheringFailure.ConnectionFailed => failed.Detail,
        GatheringFailure.Timeout or GatheringFailure.DialTimeout => "no answer",
        GatheringFailure.NoBase => "no local address of its family",
        GatheringFailure.TransportNotSupported when failed.Code == 0 => "that kind of URL is not supported: TLS wants TURN over TCP",
        GatheringFailure.Unauthorized when IsExpired(failed.Server) => "401, the credential has expired",
        GatheringFailure.Unauthorized => "401, username or credential is wrong",
        _ => failed.Code == 0 ? failed.Cause.ToString() : $"{failed.Code} {failed.Cause}",
    };

    private bool IsExpired(string server)
        => Servers.FirstOrDefault(s => s.Urls.Contains(server)) is { Username: { } username }
            && new TurnCredential(username, "").ExpiresAtUnixTime < options.Time.GetUtcNow().ToUnixTimeSeconds();
}
