using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

// What became of the checks, and what others established.
internal sealed partial class Attempt
{
    /// <summary>The latest counters of each pair of the browser's, or else of the server's.</summary>
    public IReadOnlyList<Fact.Pair> Pairs => field ??= [.. Told<Fact.Pair>().GroupBy(pair => pair.Id).Select(same => same.Last())];

    public int? Sent => Sum(pair => pair.RequestsSent);

    public int? Answers => Sum(pair => pair.ResponsesReceived);

    public int? Received => Sum(pair => pair.RequestsReceived);

    /// <summary>We ask, and hear nothing: neither answers nor questions. By the browser's count, or by the server's word.</summary>
    public Fact? Silence => field ??= WasConnected || Answered is not null ? null
        : Pairs.FirstOrDefault(pair => pair.RequestsSent > 0) is { } asked && Answers is 0 or null && Received is 0 or null && IsLateFor(asked) ? asked
        : Server is { Path: PathFinding.NothingArrived, Failure: not null } server ? server
        : Failed is Fact.StateChanged && Pairs.Count > 0 && Pairs.All(pair => pair.State is "failed") ? Pairs[0]
        : null;

    // An answer may still be on its way: three seconds are six sendings (RFC 8445 §14.3).
    private bool IsLateFor(Fact.Pair asked) => Failed is not null || Now - (OfferAnswered?.T ?? Told<Fact.Pair>().First(pair => pair.Id == asked.Id).T) >= 3_000;

    /// <summary>The server saw nothing of us, though it looked.</summary>
    public bool? ServerHeardNothing => Server is null ? null : Server.Datagrams == 0;

    public Fact.ProbeResult? Probed(string cause) => Of<Fact.ProbeResult>().FirstOrDefault(probe => probe.Cause == cause && probe.Outcome is not ProbeOutcome.Works);

    public Fact.ProbeResult? Works(Func<string, bool> url) => Of<Fact.ProbeResult>().FirstOrDefault(probe => probe.Outcome is ProbeOutcome.Works && url(probe.Url));

    public Fact.RelayEvent? RelaySaid(string cause) => Of<Fact.RelayEvent>().LastOrDefault(relay => relay.Step is RelayStep.Refused && relay.Cause == cause);

    public Fact.HostCheck? HostSaid(string cause) => Of<Fact.HostCheck>().FirstOrDefault(check => check.Cause == cause);

    /// <summary>A server itself, or a probe of it, gave the reason: no need to guess.</summary>
    public Cite? Established(string cause)
        => RelaySaid(cause) is { } relay ? relay.As($"the relay says why it refused{Tail(relay.Detail)}")
            : Probed(cause) is { } probe ? probe.As($"a probe of {probe.Url} found it{Tail(probe.Proof)}")
            : HostSaid(cause) is { } host ? host.As($"the server found it on its own host: {host.Detail}")
            : null;

    private int? Sum(Func<Fact.Pair, int?> counter) => Pairs.Any(pair => counter(pair) is not null) ? Pairs.Sum(pair => counter(pair) ?? 0) : null;

    private static string Tail(string? text) => text is { Length: > 0 } ? $": {text}" : "";
}
