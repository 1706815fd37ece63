using Thaw.Protocol.Dtls;

namespace Thaw.Protocol.Peer;

/// <summary>What every peer connection of a host has in common.</summary>
public sealed record PeerConfig
{
    public required IDtlsEngineFactory Dtls { get; init; }

    /// <summary>Codec names in order of preference, as SDP spells them; the first that the offer has is used.</summary>
    public IReadOnlyList<string> AudioCodecs { get; init; } = ["opus", "PCMU", "PCMA"];

    /// <summary>
    /// Our role where the offer leaves the choice (<c>a=setup:actpass</c>). Passive by default: RFC 5763 §5 recommends active,
    /// but Chromium sends its ClientHello the moment it has a path, and is connected 20 ms sooner that way (bench/README.md).
    /// </summary>
    public DtlsRole DtlsRole { get; init; } = DtlsRole.Server;

    public ConnectDeadlines Deadlines { get; init; } = new();
}

/// <summary>How long each stage of a connect may take before the attempt ends with that stage's name.</summary>
public sealed record ConnectDeadlines
{
    /// <summary>From the answer to the first usable pair.</summary>
    public TimeSpan Checks { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From the usable pair to keys.</summary>
    public TimeSpan Dtls { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>From keys to an open data channel, where the offer has one.</summary>
    public TimeSpan DataChannel { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>From lost consent to a new path by ICE restart.</summary>
    public TimeSpan Recovery { get; init; } = TimeSpan.FromSeconds(15);
}
