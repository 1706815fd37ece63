using System.Text;

namespace Thaw.Protocol.Sdp;

/// <summary>RFC 8839 §5.1.</summary>
public enum SdpCandidateType { Host, PeerReflexive, ServerReflexive, Relayed, Other }

public enum SdpCandidateTransport { Udp, Tcp, Other }

/// <summary>One candidate attribute, as written in SDP or trickled (RFC 8839 §5.1, RFC 6544 §4.5).</summary>
public sealed partial record SdpCandidate
{
    public required string Foundation { get; init; }
    public int Component { get; init; } = 1; // 1 is RTP, and everything else with rtcp-mux
    public SdpCandidateTransport Transport { get; init; }
    public required uint Priority { get; init; }

    /// <summary>The connection address where it is an IP literal.</summary>
    public TransportAddress? Address { get; init; }

    /// <summary>The connection address where it is a name: <c>….local</c> if a browser hides its address (mDNS).</summary>
    public string? HostName { get; init; }
    public required ushort Port { get; init; }
    public required SdpCandidateType Type { get; init; }

    /// <summary>raddr and rport, for diagnosis only.</summary>
    public TransportAddress? Related { get; init; }

    /// <summary>active, passive or so; null for UDP.</summary>
    public string? TcpType { get; init; }

    /// <summary>Which generation of credentials it belongs to (RFC 8839 §5.1; the field that survives a lost pc_id).</summary>
    public string? Ufrag { get; init; }
    public uint? Generation { get; init; }
    public uint? NetworkId { get; init; }

    /// <summary>As signalled: <c>candidate:…</c>, without <c>a=</c>.</summary>
    /// <exception cref="ArgumentException">An extension type or transport: we only write candidates of our own.</exception>
    public string Write()
    {
        var text = new StringBuilder("candidate:").Append(
            $"{Foundation} {Component} {Name(Transport)} {Priority} {AddressText()} {Port} typ {Name(Type)}");

        if (Related is { } related) text.Append($" raddr {related.Address} rport {related.Port}");
        if (TcpType is not null) text.Append($" tcptype {TcpType}");
        if (Generation is not null) text.Append($" generation {Generation}");
        if (Ufrag is not null) text.Append($" ufrag {Ufrag}");
        if (NetworkId is not null) text.Append($" network-id {NetworkId}");
        return text.ToString();
    }

    private string AddressText() => Address?.Address.ToString() ?? HostName ?? throw new ArgumentException("A candidate without an address.");

    private static string Name(SdpCandidateTransport transport) => transport switch
    {
        SdpCandidateTransport.Udp => "udp",
        SdpCandidateTransport.Tcp => "tcp",
        _ => throw new ArgumentException("A candidate of an unknown transport."),
    };

    private static string Name(SdpCandidateType type) => type switch
    {
        SdpCandidateType.Host => "host",
        SdpCandidateType.PeerReflexive => "prflx",
        SdpCandidateType.ServerReflexive => "srflx",
        SdpCandidateType.Relayed => "relay",
        _ => throw new ArgumentException("A candidate of an unknown type."),
    };
}
