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

    public ConnectBudget Budget { get; init; } = new();
}
