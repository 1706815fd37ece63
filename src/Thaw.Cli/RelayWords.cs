using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Cli;

/// <summary>
/// What a relay noticed, in words for its owner. Names that strangers sent come escaped (<see cref="TurnRefusal"/> holds them so); of
/// addresses it speaks only where asked to.
/// </summary>
internal sealed class RelayWords(bool isVerbose)
{
    /// <returns>Null where it is not worth a line.</returns>
    public RelayLogLine? Describe(Observation fact) => fact switch
    {
        Observation.AllocationMade made when isVerbose =>
            new("allocated", $"allocation of {made.User}: {made.FiveTuple.Client} is {made.Relayed}") { User = made.User, Client = $"{made.FiveTuple.Client}" },
        Observation.AllocationMoved moved when isVerbose => new RelayLogLine("moved", $"allocation of {moved.User} moved from {moved.From.Client} to {moved.To.Client}") { User = moved.User },
        Observation.AllocationEnded ended when isVerbose =>
            new("ended", $"allocation of {ended.User} ended ({ended.Reason}): {ended.BytesToPeers} bytes to peers, {ended.BytesToClient} to the client")
            {
                User = ended.User,
                Client = $"{ended.FiveTuple.Client}",
            },
        Observation.CredentialReversed reversed =>
            new("credential-reversed", $"the credential of {reversed.User} works here, but other servers want expiry:user") { User = reversed.User },
        Observation.CredentialLastsTooLong lasting =>
            new("credential-lasts-too-long", $"the credential of {lasting.User} works, {(lasting.Oddity is ExpiryOddity.Milliseconds ? "for ever: its expiry is in milliseconds and must be in seconds" : "for more than a year: is the clock right that minted it?")}")
            {
                User = lasting.User,
            },
        Observation.AnswersSuppressed suppressed =>
            new("suppressed", $"a source asks faster than --unproven-rate and is answered slowly{At(suppressed.Source)}") { Client = Shown(suppressed.Source) },
        Observation.RateExceeded { User: { } user } exceeded =>
            new("rate-exceeded", $"{user} sends or is sent more than {exceeded.BytesPerSecond} bytes a second (--max-rate); the rest is dropped") { User = user },
        Observation.RateExceeded exceeded =>
            new("rate-exceeded", $"all together send or are sent more than {exceeded.BytesPerSecond} bytes a second (--total-rate); the rest is dropped"),
        Observation.TurnRequestRefused refused when Why(refused.Refusal) is { } why =>
            new("refused", $"{refused.Method} refused with {refused.Code}: {why}{At(refused.FiveTuple.Client)}")
            {
                Cause = refused.Refusal.CauseId,
                Kind = refused.Refusal.Cause.Name,
                Code = refused.Code,
                Method = $"{refused.Method}",
                User = refused.Refusal.Whose,
                Rule = (refused.Refusal as TurnRefusal.PeerDenied)?.Rule.ToString(),
                Peer = PeerOf(refused.Refusal) is { } peer ? Shown(peer) : null,
                Client = Shown(refused.FiveTuple.Client),
            },
        _ => null,
    };

    private string? Why(TurnRefusal refusal) => refusal switch
    {
        TurnRefusal.Challenge => null, // how every session begins
        TurnRefusal.NonceNotAccepted { Fault: NonceFault.Stale } nonce => isVerbose ? $"nonce {Span(nonce.Age)} old" : null, // once an hour in every session
        TurnRefusal.NonceNotAccepted => "nonce of another client address or server",
        TurnRefusal.WrongPassword { IsTheSecret: true } wrong => $"{wrong.User} uses the shared secret itself as the password; it must be minted from it",
        TurnRefusal.WrongPassword wrong => $"wrong password, or minted from another secret, for {wrong.User}{Odd(wrong.Expiry)}",
        TurnRefusal.UnknownUser unknown => $"no user {unknown.User}",
        TurnRefusal.UnknownUserhash => "no user has this name's hash",
        TurnRefusal.CredentialExpired { MayBeClocks: true } expired =>
            $"the credential of {expired.User} expired {Span(expired.By)} ago: if it was minted just now, the clocks of the two machines differ",
        TurnRefusal.CredentialExpired expired => $"the credential of {expired.User} expired {Span(expired.By)} ago, if both clocks are right",
        TurnRefusal.CredentialWithoutExpiry without => $"{without.User} has a valid password but no expiry in its name",
        TurnRefusal.WrongRealm realm => $"the client's realm is {realm.Sent}",
        TurnRefusal.BidDown => "the list of password algorithms was changed on the way",
        TurnRefusal.TokenNotAccepted token => Token(token),
        TurnRefusal.PeerDenied denied => $"a peer of {denied.User} is not allowed: {denied.Rule}{Allow(denied)}{(isVerbose ? $" [peer {denied.Peer}]" : "")}",
        TurnRefusal.UserQuota quota => $"{quota.User} has {quota.Limit} relayed addresses (--user-quota)",
        TurnRefusal.TotalQuota quota => $"{quota.Limit} relayed addresses are in use (--total-quota)",
        TurnRefusal.PortsExhausted => "no free port in --relay-range",
        TurnRefusal.OthersAllocation others => $"the allocation is not that of {others.User}",
        TurnRefusal.NoAllocation => "the client has no allocation here: it ran out, or the client's address changed, or this server is new",
        TurnRefusal.AllocationExists => "the client has an allocation already at the same address and port",
        TurnRefusal.TransportNotServed transport => $"only UDP is relayed, and protocol {transport.Protocol} was asked for",
        TurnRefusal.FamilyNotServed family => $"{(family.IsIPv6 ? "IPv6" : "the address family")} is not relayed here",
        TurnRefusal.TooManyConnections many => $"{many.Limit} TCP connections are open",
        TurnRefusal.ConnectionFailed => "the peer took no connection",
        TurnRefusal.TooManyPeers many => $"one allocation has at most {many.Limit} peers",
        TurnRefusal.Draining { Alternate: null } => "this server is going down",
        TurnRefusal.Draining => "this server is going down; the client was told of --alternate-server",
        _ when isVerbose => refusal.ToString(),
        _ => null,
    };

    private static string Token(TurnRefusal.TokenNotAccepted token) => token.Fault switch
    {
        TokenFault.Missing => $"{token.Kid} is the name of a key, and there is no access token",
        TokenFault.KeyUnknown => $"no key {token.Kid} for access tokens (--oauth-key)",
        TokenFault.KeyExpired => $"the key {token.Kid} expired {Span(token.By)} ago",
        TokenFault.NotOurs => $"an access token under {token.Kid} does not open: minted with another key, or for another server's name (--oauth-server-name)",
        TokenFault.Expired => $"an access token under {token.Kid} expired {Span(token.By)} ago, if both clocks are right",
        TokenFault.FromTheFuture => $"an access token under {token.Kid} is {Span(token.By)} ahead of this machine's clock",
        TokenFault.WrongKey => $"the request was not signed with the key in its access token under {token.Kid}",
        _ => $"an access token under {token.Kid} has lengths that cannot be",
    };

    private static TransportAddress? PeerOf(TurnRefusal refusal) => refusal switch
    {
        TurnRefusal.PeerDenied denied => denied.Peer,
        TurnRefusal.PeerFamilyMismatch mismatch => mismatch.Peer,
        TurnRefusal.ChannelInUse inUse => inUse.Peer,
        _ => null,
    };

    private static string Odd(ExpiryOddity oddity) => oddity switch
    {
        ExpiryOddity.Milliseconds => "; the expiry in the name is in milliseconds and must be in seconds",
        ExpiryOddity.FarAhead => "; the expiry in the name is more than a year ahead",
        _ => "",
    };

    private static string Span(TimeSpan span) => span switch
    {
        { TotalMinutes: < 2 } => $"{span.TotalSeconds:F0} s",
        { TotalHours: < 2 } => $"{span.TotalMinutes:F0} min",
        { TotalDays: < 2 } => $"{span.TotalHours:F0} h",
        _ => $"{span.TotalDays:F0} days",
    };

    private static string Allow(TurnRefusal.PeerDenied denied) => denied.Rule.Prefix is { } prefix ? $"; --allow-peer {prefix} would allow it" : "";

    private string At(TransportAddress address) => isVerbose ? $" [{address}]" : "";

    private string? Shown(TransportAddress address) => isVerbose ? $"{address}" : null;
}
