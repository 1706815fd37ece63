using System.Text.Json.Serialization;

namespace Thaw.Diagnosis.Facts;

/// <summary>
/// One thing that somebody saw of one attempt to connect. What nobody saw has no fact, or a null in one: not measured is not
/// false. A line of a <c>trace/1</c> file is one of these.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Environment), "environment")]
[JsonDerivedType(typeof(Permission), "permission")]
[JsonDerivedType(typeof(Capture), "capture")]
[JsonDerivedType(typeof(Devices), "devices")]
[JsonDerivedType(typeof(Client), "client")]
[JsonDerivedType(typeof(Http), "http")]
[JsonDerivedType(typeof(Configured), "ice-servers")]
[JsonDerivedType(typeof(SetupFailed), "setup-failed")]
[JsonDerivedType(typeof(Gathering), "gathering")]
[JsonDerivedType(typeof(Candidate), "candidate")]
[JsonDerivedType(typeof(CandidateError), "candidate-error")]
[JsonDerivedType(typeof(CandidateRefused), "candidate-refused")]
[JsonDerivedType(typeof(Description), "description")]
[JsonDerivedType(typeof(StateChanged), "state")]
[JsonDerivedType(typeof(Pair), "pair")]
[JsonDerivedType(typeof(Transport), "transport")]
[JsonDerivedType(typeof(Channel), "channel")]
[JsonDerivedType(typeof(Media), "media")]
[JsonDerivedType(typeof(Rtvi), "rtvi")]
[JsonDerivedType(typeof(ServerAttempt), "server-attempt")]
[JsonDerivedType(typeof(RelayEvent), "relay")]
[JsonDerivedType(typeof(ProbeResult), "probe")]
[JsonDerivedType(typeof(HostCheck), "host-check")]
[JsonDerivedType(typeof(Nat), "nat")]
[JsonDerivedType(typeof(Stall), "stall")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(Still), "still")]
public abstract partial record Fact
{
    private Fact() { }

    /// <summary>Milliseconds since the attempt began, by the clock of whoever tells; the teller has aligned the clocks.</summary>
    [JsonPropertyOrder(-2)]
    public double T { get; init; }

    /// <summary>Who saw it.</summary>
    [JsonPropertyOrder(-1)]
    public Side Side { get; init; }

    /// <summary>Where a reader finds it. Whoever reads an input sets it; it is no part of the fact.</summary>
    [JsonIgnore]
    public Locator? From { get; init; }
}

public enum Side { Browser, Server, Relay, Probe, Signalling }

/// <summary>A place in an input.</summary>
/// <param name="Line">From 1; 0 where the input has no lines.</param>
/// <param name="Path">Inside a JSON document, as <c>PeerConnections.215-4.updateLog[17]</c>.</param>
/// <param name="Quote">What stands there, letter for letter.</param>
public sealed record Locator(int Line, string Quote, string? Path = null);
