using System.Net.Security;

namespace Thaw.Relay.Streams;

/// <summary>Protocols to choose from in a handshake (RFC 7301). Who offers only others is refused; who offers none may speak any.</summary>
internal static class Alpn
{
    private const string Turn = "stun.turn", NatDiscovery = "stun.nat-discovery"; // RFC 7443 §4

    public static readonly IReadOnlyList<string> OverDatagrams = [Turn, NatDiscovery];

    public static readonly List<SslApplicationProtocol> OverStreams = [new(Turn), new(NatDiscovery), SslApplicationProtocol.Http11];

    /// <summary>What was agreed on is what is spoken.</summary>
    public static bool Allows(Stream stream, bool http)
        => stream is not SslStream { NegotiatedApplicationProtocol: { Protocol.IsEmpty: false } agreed } || http == (agreed == SslApplicationProtocol.Http11);
}
