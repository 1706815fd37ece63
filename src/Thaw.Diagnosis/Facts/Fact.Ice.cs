using System.Text.Json.Serialization;

namespace Thaw.Diagnosis.Facts;

// What a peer connection tells, in a browser or a server.
public abstract partial record Fact
{
    public sealed record Gathering(GatheringState State) : Fact;

    /// <param name="Address">A literal, a name, or a token that tells the class (see <see cref="AddressClasses"/>).</param>
    /// <param name="Network">What the interface is, where the browser tells: ethernet, wifi, vpn, …</param>
    public sealed record Candidate(
        Origin Origin, CandidateKind Type, string Address, int Port = 0, string Protocol = "udp", string? RelayProtocol = null, string? Url = null,
        string? RelatedAddress = null, int? RelatedPort = null, string? Network = null) : Fact
    {
        [JsonIgnore]
        public AddressClass Class { get; } = AddressClasses.Of(Address);
    }

    /// <summary>icecandidateerror: 701 no way to the server, else the STUN error code.</summary>
    public sealed record CandidateError(string Url, int Code, string? Text = null, string? Address = null) : Fact;

    /// <summary>addIceCandidate rejected.</summary>
    public sealed record CandidateRefused(string Error, string? Message = null) : Fact;

    /// <param name="Candidates">Lines in it; what trickles is not counted.</param>
    public sealed record Description(
        Origin Origin, DescriptionType Type, int Candidates, string? Setup = null, bool? HasApplication = null, bool? HasAudio = null, string? Error = null) : Fact;

    /// <param name="Value">In the words of the W3C: new, checking, connected, …</param>
    public sealed record StateChanged(StateOf Of, string Value) : Fact;

    /// <summary>The counters of a candidate pair; the latest of the same id counts. Firefox tells no numbers of checks.</summary>
    public sealed record Pair(
        string Id, CandidateKind Local, CandidateKind Remote, string State, int? RequestsSent = null, int? ResponsesReceived = null, int? RequestsReceived = null,
        bool IsNominated = false, double? RoundTripMs = null) : Fact;

    public sealed record Transport(string? DtlsState = null, string? DtlsRole = null, string? IceState = null, string? TlsVersion = null) : Fact;

    public sealed record Channel(string State, string Label = "") : Fact;

    /// <param name="Packets">Since the connection began.</param>
    /// <param name="Level">0 to 1.</param>
    /// <param name="Playback">playing, blocked (autoplay), suspended (AudioContext).</param>
    public sealed record Media(Direction Direction, long? Packets = null, double? Level = null, bool? IsMuted = null, string? Playback = null) : Fact;

    /// <param name="Type">client-ready, bot-ready, error, …</param>
    public sealed record Rtvi(string Type, string? Detail = null, bool IsFatal = false) : Fact;
}

public enum GatheringState { New, Gathering, Complete }

/// <summary>Of whoever tells: its own, or the other side's.</summary>
public enum Origin { Local, Remote }

public enum CandidateKind { Host, Srflx, Prflx, Relay }

public enum DescriptionType { Offer, Answer }

public enum StateOf { Connection, Ice, Signaling }

public enum Direction { In, Out }
