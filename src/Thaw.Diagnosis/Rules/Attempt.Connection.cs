using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

// How far it came.
internal sealed partial class Attempt
{
    /// <summary>What became of the connection, in the browser's words or else the server's.</summary>
    public IReadOnlyList<Fact.StateChanged> Connection => field ??= [.. Told<Fact.StateChanged>().Where(state => state.Of is StateOf.Connection)];

    public Fact.StateChanged? ConnectedAt => field ??= Connection.FirstOrDefault(state => state.Value is "connected");

    /// <summary>DTLS was up once: from then on nothing may be called a failure to connect.</summary>
    public bool WasConnected => ConnectedAt is not null || Server is { IsEncrypted: true, Failure: not PeerFailure.DtlsFailed };

    /// <summary>The connection is there, or was until somebody hung up.</summary>
    public bool IsConnected => WasConnected && Lost is null;

    /// <summary>It was connected, lost its path and did not get it back.</summary>
    public Fact? Lost => field ??= !WasConnected ? null
        : Connection.LastOrDefault(state => state.Value is not "closed") is { Value: "disconnected" or "failed" } end && (end.Value is "failed" || Now - end.T > 5_000) ? end
        : Server is { Failure: PeerFailure.PathNotRecovered } gone ? gone
        : null;

    /// <summary>The browser has given up on it, or the server has, or whoever called.</summary>
    public Fact? Failed => field ??= Connection.LastOrDefault(state => state.Value is "failed") as Fact
        ?? (Server is { Failure: not null } ended ? ended : null)
        ?? First<Fact.Ended>(end => end.Reason is not ("connected" or "closed"))
        ?? Of<Fact.Client>().FirstOrDefault(client => client.Step is ClientStep.GaveUp) as Fact;

    /// <summary>A path should be there by now: one that works has it 2.5 s after the answer, 99 of 100 times.</summary>
    public bool IsDue => Failed is not null || Now - (OfferAnswered?.T ?? RemoteDescription?.T ?? GatheringBegan?.T ?? 0) >= 3_000;

    /// <summary>The server's account; the latest.</summary>
    public Fact.ServerAttempt? Server => field ??= Last<Fact.ServerAttempt>();

    public Fact? IceConnected => field ??= Told<Fact.StateChanged>().FirstOrDefault(state => state.Of is StateOf.Ice && state.Value is "connected" or "completed")
        ?? Of<Fact.Transport>().FirstOrDefault(t => t.IceState is "connected" or "completed") as Fact
        ?? Answered;

    /// <summary>A check of ours was answered.</summary>
    public Fact? Answered => field ??= Told<Fact.Pair>().FirstOrDefault(pair => pair.ResponsesReceived > 0 || pair.State is "succeeded") as Fact
        ?? (Server is { ChecksAnswered: > 0 } seen ? seen : null);

    public Fact.Transport? BrowserTransport => field ??= Last<Fact.Transport>(t => t.Side is Side.Browser && t.DtlsState is not null);

    public string Stage => this switch
    {
        { Lost: not null } => "after-connect",
        { IsConnected: true } when Last<Fact.Channel>() is { State: not "open" } => "sctp-srtp",
        { IsConnected: true } => "media",
        { IceConnected: not null } => "dtls",
        { OfferAnswered: not null, RemoteCount: 0 } => "candidate-exchange",
        { OfferAnswered: not null } => "checks",
        { OfferSent: not null } => "signalling",
        { LocalDescription: not null } => "gathering",
        _ when Of<Fact.Gathering>().Count > 0 => "gathering",
        _ when Of<Fact.Capture>() is [.., { Step: not CaptureStep.Granted }] => "media-permission",
        _ when Server is { } => "checks",
        _ => "signalling",
    };
}
