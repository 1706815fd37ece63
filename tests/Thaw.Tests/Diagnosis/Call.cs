using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Tests.Diagnosis;

/// <summary>An attempt to connect, told fact by fact. Every method adds what one step leaves behind, and goes on in time.</summary>
internal sealed class Call
{
    public const string Stun = "stun:stun.example.org:3478", Turn = "turn:turn.example.org:3478?transport=udp", TurnTcp = "turn:turn.example.org:443?transport=tcp", TurnTls = "turns:turn.example.org:443?transport=tcp";
    public const string Inside = "192.168.1.7", Outside = "203.0.113.7", ServersAddress = "198.51.100.20", RelaysAddress = "198.51.100.99";

    private readonly List<Fact> _facts = [];
    private double _now;

    public IReadOnlyList<Fact> Facts => _facts;

    public static Call Begin(bool isSecure = true, bool? isOnline = true, string agent = "Chromium 156", string? system = null)
        => new Call().See(new Fact.Environment(isSecure, isSecure, isOnline, agent, system));

    /// <summary>A page with a microphone and what it was told of ICE servers.</summary>
    public static Call Ready(params string[] urls) => Begin().Microphone().Servers(urls);

    /// <summary>As usual until the answer is there: addresses from inside and outside, and a server with a public one.</summary>
    public static Call Answered(params string[] urls) => Ready(urls).Gather(Host(), Srflx()).Offer().Answer(Theirs(ServersAddress));

    public Call At(double ms)
    {
        _now = ms;
        return this;
    }

    public Call After(double ms) => At(_now + ms);

    public Call See(Fact fact, Side side = Side.Browser)
    {
        _facts.Add(fact with { T = _now, Side = side });
        return this;
    }

    public Call Microphone() => See(new Fact.Capture(CaptureStep.Asked)).After(40).See(new Fact.Capture(CaptureStep.Granted));

    public Call Servers(params string[] urls) => See(new Fact.Configured([.. urls.Select(url => new IceServer([url], url.StartsWith("turn", StringComparison.Ordinal), url.StartsWith("turn", StringComparison.Ordinal)))]));

    public Call RelayOnly(params string[] urls) => See(new Fact.Configured([.. urls.Select(url => new IceServer([url], true, true))], IcePolicy.Relay));

    public Call Expiring(double seconds, params string[] urls) => See(new Fact.Configured([new IceServer(urls, true, true, seconds)]));

    public Call Gather(params Fact.Candidate[] candidates)
    {
        See(new Fact.Gathering(GatheringState.Gathering));
        foreach (var candidate in candidates) After(20).See(candidate);
        return this;
    }

    public Call Complete() => See(new Fact.Gathering(GatheringState.Complete));

    public Call Offer(int candidates = 2, double took = 80, string host = "voice.example.org", string? via = null)
        => See(new Fact.Description(Origin.Local, DescriptionType.Offer, candidates, "actpass", true, true))
            .See(new Fact.Http(HttpStep.Offer, Host: host)).After(took).See(new Fact.Http(HttpStep.Offer, Status: 200, TookMs: took, Host: host, Via: via));

    public Call Answer(params Fact.Candidate[] candidates) => Answer("active", true, candidates);

    public Call Answer(string setup, bool hasApplication, params Fact.Candidate[] candidates)
    {
        See(new Fact.Description(Origin.Remote, DescriptionType.Answer, candidates.Length, setup, hasApplication, true));
        foreach (var candidate in candidates) See(candidate);
        return this;
    }

    public Call Patch(int? status = 200, string? error = null, bool isEnd = false) => After(20).See(new Fact.Http(HttpStep.Candidates, "PATCH", status, error, IsEnd: isEnd));

    public Call State(string value) => See(new Fact.StateChanged(StateOf.Connection, value));

    public Call Ice(string value) => See(new Fact.StateChanged(StateOf.Ice, value));

    /// <summary>Checks leave, nothing comes back, and the browser gives up.</summary>
    public Call Silence(CandidateKind local = CandidateKind.Srflx, CandidateKind remote = CandidateKind.Host)
        => State("connecting").After(5_000).See(new Fact.Pair("CP1", local, remote, "in-progress", 40, 0, 0)).After(10_200).State("failed");

    /// <summary>The path works; DTLS has not ended.</summary>
    public Call Path(CandidateKind local = CandidateKind.Srflx, CandidateKind remote = CandidateKind.Host)
        => State("connecting").After(150).See(new Fact.Pair("CP1", local, remote, "succeeded", 3, 3, 2, true, 40)).Ice("connected");

    public Call Encrypted() => After(120).See(new Fact.Transport("connected", "client", "connected", "FEFD")).State("connected");

    public Call Sound(long packets = 200) => See(new Fact.Media(Direction.In, packets, 0.1, false, "playing")).See(new Fact.Media(Direction.Out, packets, 0.1, false));

    /// <summary>All is well.</summary>
    public Call Connects(CandidateKind local = CandidateKind.Srflx, CandidateKind remote = CandidateKind.Host)
        => Path(local, remote).Encrypted().After(30).See(new Fact.Channel("open")).After(20).See(new Fact.Rtvi("bot-ready")).After(4_000).Sound();

    public Call Error(int code, string url, string? text = null) => See(new Fact.CandidateError(url, code, text));

    public Call TimesOut(string url) => Error(701, url, url.StartsWith("stun", StringComparison.Ordinal) ? "STUN binding request timed out." : "TURN allocate request timed out.");

    public Call Server(PathFinding path, PeerFailure? failure = PeerFailure.ChecksTimedOut, int datagrams = 0, int received = 0, int hostNames = 0, int badIntegrity = 0, int refused = 0, int error = 0, int answered = 0)
        => See(new Fact.ServerAttempt(path, new Counts(2), new Counts(1, HostNames: hostNames), failure, null, 2, 30, answered, refused, error, received, datagrams, BadIntegrity: badIntegrity), Side.Server);

    public Call Refuses(string cause, int code) => See(new Fact.RelayEvent(RelayStep.Refused, code, cause), Side.Relay);

    public Call Probe(string cause, string url, ProbeOutcome outcome = ProbeOutcome.Failed) => See(new Fact.ProbeResult(url, outcome, cause, "as a probe saw it", "allocate", 300), Side.Probe);

    public Call Still(double ms) => After(ms).See(new Fact.Still());

    public static Fact.Candidate Host(string address = Inside, string? network = null) => new(Origin.Local, CandidateKind.Host, address, 50_000, Network: network);

    public static Fact.Candidate Srflx(string address = Outside, int port = 50_000, string related = "0.0.0.0", int relatedPort = 0, string url = Stun)
        => new(Origin.Local, CandidateKind.Srflx, address, port, Url: url, RelatedAddress: related, RelatedPort: relatedPort);

    public static Fact.Candidate Relay(string url = Turn, string address = RelaysAddress, string protocol = "udp")
        => new(Origin.Local, CandidateKind.Relay, address, 49_200, RelayProtocol: protocol, Url: url, RelatedAddress: Outside, RelatedPort: 50_000);

    public static Fact.Candidate Theirs(string address, CandidateKind kind = CandidateKind.Host) => new(Origin.Remote, kind, address, 7_860);
}
