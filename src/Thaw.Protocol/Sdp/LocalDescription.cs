namespace Thaw.Protocol.Sdp;

/// <summary>Our o= line: one id for a connection, a version that grows with each description (RFC 8829 §5.2.1).</summary>
public readonly record struct SessionOrigin(ulong Id, ulong Version);

/// <summary>Our end of the one transport.</summary>
/// <param name="Fingerprint">As SDP writes it: <c>sha-256 AB:CD:…</c>.</param>
/// <param name="Candidates">All there will ever be: there is no trickling to the other side.</param>
public sealed record LocalTransport(string Ufrag, string Password, string Fingerprint, IReadOnlyList<SdpCandidate> Candidates)
{
    /// <summary>Never prints the password.</summary>
    public override string ToString() => $"LocalTransport {{ {Ufrag}, {Candidates.Count} candidates }}";
}

/// <summary>Our audio: what makes a browser fire ontrack with a stream (RFC 8830 §2, RFC 5576 §4.1).</summary>
public sealed record LocalTrack(uint Ssrc, string Cname, string Stream, string Track);

public sealed record AnswerParameters
{
    public required SessionOrigin Origin { get; init; }
    public required LocalTransport Transport { get; init; }
    public required LocalTrack Track { get; init; }
    public IReadOnlyList<string> AudioCodecs { get; init; } = ["opus", "PCMU", "PCMA"];

    /// <summary>Active or passive, where the offer leaves it open. Active saves a round trip (RFC 5763 §5).</summary>
    public SetupRole Setup { get; init; } = SetupRole.Active;
    public ushort SctpPort { get; init; } = 5000;
    public int MaxMessageSize { get; init; } = 65_536;
}

public sealed record OfferParameters
{
    public required SessionOrigin Origin { get; init; }
    public required LocalTransport Transport { get; init; }
    public required LocalTrack Track { get; init; }
    public IReadOnlyList<string> AudioCodecs { get; init; } = ["opus", "PCMU", "PCMA"];
    public ushort SctpPort { get; init; } = 5000;
    public int MaxMessageSize { get; init; } = 65_536;
}
