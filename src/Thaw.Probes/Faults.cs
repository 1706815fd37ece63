using System.Globalization;
using System.Net.Sockets;
using Thaw.Probes.Lines;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Probes;

/// <summary>What went wrong, put into a cause, its proof and a fix. All words of a probe's report are here.</summary>
internal static class Faults
{
    public static ProbeFault NoAddress(string host, string proof) => Failed(
        Causes.NameNotFound, $"The name {host} has no address here", proof,
        "Check the spelling; look the name up with another resolver; a VPN or a company network may have its own names.");

    public static ProbeFault Silent(ProbeTarget target, string stage, TimeSpan waited)
    {
        string seconds = waited.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        var url = target.Url;
        return (stage, url.Transport) switch
        {
            ("dns", _) => NoAddress(url.Host, $"the resolver did not answer within {seconds} s"),
            ("connect", _) => Failed(Causes.TurnTcpUnreachable, $"TCP port {url.Port} does not answer: a firewall drops it, or the host is down", $"no answer to the SYN within {seconds} s",
                $"Open TCP {url.Port} at the server and in front of it; relays on 443 pass most firewalls."),
            ("tls", _) => Failed(Causes.TlsFailed, "TCP connects, but nobody speaks TLS there", $"no ServerHello within {seconds} s", $"Is port {url.Port} the TLS port? turn: is without TLS, turns: with it."),
            ("permission" or "relay", _) => Failed(Causes.RelaysNothing, "The relay gives an address but carries nothing through it", $"no packet came through the relay within {seconds} s",
                "Open the relay's whole UDP port range (49152-65535, or min-port to max-port) in both directions; check external-ip."),
            (_, TransportProtocol.Tcp) => Failed(Causes.NotStun, "It connects, but nobody answers STUN there", $"no answer within {seconds} s after the connection was made", $"Is port {url.Port} that of the TURN server, or of a web server in front of it?"),
            _ => Failed(url.Kind is GatheringKind.Stun ? Causes.StunUnreachable : Causes.TurnUdpUnreachable, $"UDP port {url.Port} does not answer: it is blocked, the server is down, or the name leads elsewhere",
                $"no answer within {seconds} s", $"Open UDP {url.Port} at the server; if this network blocks UDP, use {(url.Kind is GatheringKind.Stun ? "a relay over TCP 443" : $"turn:{url.Host}:443?transport=tcp or turns:{url.Host}:443?transport=tcp")}."),
        };
    }

    public static ProbeFault Of(ProbeTarget target, string stage, Exception e) => e switch
    {
        ProbeFault fault => fault,
        CertificateException bad => Certificate(target.Url, bad.Shown),
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } when stage is "dns" => NoAddress(target.Url.Host, "the resolver says that the name does not exist"),
        SocketException socket when stage is "dns" => NoAddress(target.Url.Host, $"the look-up failed: {socket.SocketErrorCode}"),
        SocketException { SocketErrorCode: SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.AddressNotAvailable } => Failed(
            Causes.NoRoute, "This machine has no route to that address", "the system says that the network is unreachable", "Connect a network; without IPv6 here, give the server an IPv4 address too."),
        SocketException socket when target.Url.Transport is TransportProtocol.Tcp => Failed(
            Causes.TurnTcpUnreachable, $"Nothing listens at TCP port {target.Url.Port}", $"the connection was refused ({socket.SocketErrorCode})", $"Start the server's TCP listener at {target.Url.Port}, or correct the port."),
        SocketException socket => Failed(
            target.Url.Kind is GatheringKind.Stun ? Causes.StunUnreachable : Causes.TurnUdpUnreachable, $"Nothing listens at UDP port {target.Url.Port}", $"the port was refused (ICMP, {socket.SocketErrorCode})",
            $"Start the server at {target.Url.Port}, or correct the port."),
        InvalidDataException => Failed(Causes.NotStun, "What answers there is no STUN server", "the first bytes are no STUN message", "Correct the port: this one belongs to another service."),
        _ when stage is "tls" => Failed(Causes.TlsFailed, "The TLS handshake fails", e.InnerException?.Message ?? e.Message, "Is this the TLS port? turn: is without TLS. The server needs TLS 1.2 or newer."),
        _ => Failed(Causes.NotStun, "The server ends the connection instead of answering", e.Message, "Is this the port of the TURN server, or of a web server in front of it?"),
    };

    public static ProbeFault Refused(ProbeTarget target, TurnClientEvent.Failed failed, StunAnswer challenge, DateTimeOffset now)
    {
        string proof = $"{failed.Code}{(failed.Reason.Length > 0 ? $" {failed.Reason}" : "")} to Allocate as {target.Credential!.Username}{(challenge.Realm is { Length: > 0 } realm ? $" in realm {realm}" : "")}";
        return failed.Cause switch
        {
            GatheringFailure.Unauthorized => Unauthorized(target.Credential, challenge, proof, now),
            GatheringFailure.BadChallenge => Failed(Causes.RealmMissing, "The server asks for a password but names no realm: no password can be right", $"{challenge.Quote} with realm \"{challenge.Realm}\"", "Set a realm at the server (coturn: realm=example.org)."),
            GatheringFailure.NonceLoop => Failed(Causes.NonceLoop, "The server takes no nonce that it gave: our address changes from packet to packet, or several servers stand behind one address", "438 Stale Nonce, again and again",
                "No source rewriting and no UDP balancer between; let servers behind one address share the nonce secret."),
            GatheringFailure.QuotaReached => Failed(Causes.QuotaReached, $"{target.Credential.Username} has as many allocations as one user may have", proof, "Raise user-quota, or give each session a user name of its own."),
            GatheringFailure.InsufficientCapacity => Failed(Causes.NoCapacity, "The relay is full, or going down", proof, "Raise total-quota and the port range, or add a relay."),
            GatheringFailure.Forbidden => Failed(Causes.Forbidden, "The relay does not serve this user or this network", proof, "Ask its owner; a draining coturn answers like this too."),
            GatheringFailure.ConnectionFailed => Failed(Causes.NotStun, "The server ends the connection instead of answering", proof, "Look at the server's log of this minute."),
            _ => Failed(Causes.AllocationRefused, "The relay refuses to allocate", proof, "Look at the server's log of this minute."),
        };
    }

    public static ProbeFault RealmMissing(StunAnswer challenge) => Failed(
        Causes.RealmMissing, "The server asks for a password but names no realm: no password can be right", $"{challenge.Quote} with an empty realm", "Set a realm at the server (coturn: realm=example.org).");

    public static ProbeFault RealmMismatch(string wanted, StunAnswer challenge) => Failed(
        Causes.RealmMismatch, $"The server's realm is \"{challenge.Realm}\", not \"{wanted}\": another server, or another configuration than was meant", $"{challenge.Quote} with realm {challenge.Realm}", $"Correct the realm at the server, or the URL.");

    public static ProbeFault OpenRelay(StunAnswer answer) => new(
        ProbeStatus.Warning, Causes.OpenRelay, "Anybody may relay here: it gave an address without a password", $"{answer.Quote} to Allocate without a credential",
        "Ask for credentials (coturn: lt-cred-mech or use-auth-secret; not no-auth): open relays are abused within days.");

    public static ProbeFault NotTurn(StunAnswer answer) => Failed(
        Causes.AllocationRefused, "This is a STUN server that does not relay", $"{answer.Quote} to Allocate", "Use stun: for it, and a TURN server for turn:.");

    public static ProbeFault TellsNothing(StunAnswer answer) => Failed(
        Causes.NotStun, "The server does not say our address", $"{answer.Quote} to Binding", "Use another STUN server.");

    public static ProbeFault Redirected(TransportAddress alternate) => new(
        ProbeStatus.Warning, Causes.Draining, "The server is draining: it sends new callers elsewhere", $"300 Try Alternate, {alternate}", "Point the URL at the other server before this one goes.");

    public static ProbeFault PeerForbidden(int code, TransportAddress peer, bool isInside) => new(
        isInside ? ProbeStatus.Failed : ProbeStatus.Warning, Causes.PeerForbidden,
        isInside ? "The relay gives out a private address and refuses private peers, itself among them: two callers of it never meet" : "The relay refuses its own addresses as peers: two callers that both need it never meet",
        $"{code} to CreatePermission for {peer}", "Allow the relay's own addresses (coturn: allowed-peer-ip; Thaw does by itself), and set external-ip to the public one.");

    public static ProbeFault ExternalIpMissing(TransportAddress relayed, string server) => Failed(
        Causes.ExternalIpMissing, $"The relay gives out {relayed.Address}, which nobody outside its network reaches", $"XOR-RELAYED-ADDRESS {relayed}; the server itself is reached at {server}", "coturn: external-ip=PUBLIC/PRIVATE; thaw relay: --external-ip PUBLIC.");

    /// <summary>coturn and Thaw take both orders; the convention, and other servers, have one.</summary>
    public static ProbeFault? WorksReversed(ProbeTarget target) => target.Credential is not { } credential || !TurnCredential.IsReversed(credential.Username) ? null : new ProbeFault(
        ProbeStatus.Warning, Causes.ReversedUsername, "The user name is user:expiry; this server takes it, others want expiry:user", credential.Username,
        "Mint username = <expiry>:<user>, password = base64(HMAC-SHA1(secret, username)).");

    private static ProbeFault Unauthorized(TurnCredential credential, StunAnswer challenge, string proof, DateTimeOffset now)
    {
        if (credential.ExpiresAtUnixTime is { } seconds && DateTimeOffset.FromUnixTimeSeconds(seconds) is var end && end <= now)
            return Failed(Causes.ExpiredCredentials, $"The credential has expired, {Span(now - end)} ago", $"{proof}; {credential.Username} ends at {end:u}", "Mint a new one for each call, with a lifetime longer than the call; check this machine's clock.");
        if (TurnCredential.IsReversed(credential.Username))
            return Failed(Causes.ReversedUsername, "The user name is user:expiry, but it must be expiry:user", proof, "Mint username = <expiry>:<user>, password = base64(HMAC-SHA1(secret, username)).");
        string hint = credential.ExpiresAtUnixTime is null ? "" : "; or its clock is ahead of ours by more than the credential lasts";
        return Failed(Causes.BadCredentials, $"The server does not know this user with this password{hint}", proof,
            credential.ExpiresAtUnixTime is null ? "Correct user name and password; they are made for one realm." : "Mint from the secret that the server has (static-auth-secret, --auth-secret); the secret itself is never the password.");
    }

    private static ProbeFault Certificate(IceServerUrl url, ServerCertificate shown) => shown.Fault switch
    {
        CertificateFault.WrongName => Failed(Causes.CertificateWrongName, $"The certificate is for another name than {url.Host}", $"it names {(shown.Names.Length > 0 ? shown.Names : shown.Subject)}", $"Get a certificate whose names include {url.Host}, or use the name that it has."),
        CertificateFault.Expired => Failed(Causes.CertificateExpired, "The certificate has expired", $"{shown.Subject}, valid until {shown.NotAfter:u}", "Renew it, and let the server read it anew."),
        CertificateFault.NotYetValid => Failed(Causes.CertificateExpired, "The certificate is not valid yet: or this machine's clock is behind", $"{shown.Subject}, valid from {shown.NotBefore:u}", "Check this machine's clock."),
        CertificateFault.Untrusted => Failed(Causes.CertificateUntrusted, "Nobody whom this machine trusts vouches for the certificate", $"{shown.Subject}, issued by {shown.Issuer}", "Serve the full chain (fullchain.pem) of a public authority; for one of your own, --ice-ca FILE here and the system's store at the callers'."),
        _ => Failed(Causes.TlsFailed, "The server shows no certificate", "", "Set cert and pkey at the server."),
    };

    private static string Span(TimeSpan span) => span.TotalDays >= 2 ? $"{span.TotalDays:0} days" : span.TotalHours >= 2 ? $"{span.TotalHours:0} hours" : span.TotalMinutes >= 2 ? $"{span.TotalMinutes:0} minutes" : $"{span.TotalSeconds:0} seconds";

    private static ProbeFault Failed(string cause, string why, string proof, string fix) => new(ProbeStatus.Failed, cause, why, proof, fix);
}
