using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>Why a request was answered with an error. The client hears a number; this is for whoever runs the server.</summary>
public abstract partial record TurnRefusal
{
    private TurnRefusal() { }

    /// <summary>401 to a request without credentials: how every session begins, and no fault.</summary>
    public sealed record Challenge : TurnRefusal;

    /// <param name="IsTheSecret">The shared secret itself was used as the password: a credential must be minted from it.</param>
    /// <param name="Expiry">What is odd about the time in the name, if it has one.</param>
    public sealed record WrongPassword(string User, bool IsTheSecret, ExpiryOddity Expiry = ExpiryOddity.None) : TurnRefusal;

    /// <summary>No such user, and the name carries no expiry that would make it one of a shared secret.</summary>
    public sealed record UnknownUser(string User) : TurnRefusal;

    /// <summary>Minted from our secret, but its time is over: or the clocks of the two hosts differ by so much.</summary>
    public sealed record CredentialExpired(string User, TimeSpan By) : TurnRefusal
    {
        private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

        /// <summary>So little that clocks which differ explain it as well as a client that came late.</summary>
        public bool MayBeClocks => By < Skew;
    }

    /// <summary>Made with our shared secret for a name without an expiry.</summary>
    public sealed record CredentialWithoutExpiry(string User) : TurnRefusal;

    /// <summary>A hash of a name cannot be turned back into the name that a shared secret needs (RFC 8489 §9.2.2).</summary>
    public sealed record UnknownUserhash : TurnRefusal;

    public sealed record WrongRealm(string Sent) : TurnRefusal;

    /// <summary>438: nothing is wrong, the client repeats its request with the nonce in the answer.</summary>
    public sealed record NonceNotAccepted(NonceFault Fault, TimeSpan Age) : TurnRefusal;

    /// <summary>The list of password algorithms came back changed: somebody on the path wants a weaker one.</summary>
    public sealed record BidDown : TurnRefusal;

    /// <param name="Kid">The name of the key, which is the USERNAME of a request with a token (RFC 7635 §6).</param>
    /// <param name="By">How long ago it expired, or how far ahead its time is.</param>
    public sealed record TokenNotAccepted(string Kid, TokenFault Fault, TimeSpan By = default) : TurnRefusal;

    /// <summary>The allocation belongs to another user.</summary>
    public sealed record OthersAllocation(string User) : TurnRefusal;

    public sealed record NoAllocation : TurnRefusal;

    /// <summary>This five-tuple has an allocation already.</summary>
    public sealed record AllocationExists : TurnRefusal;

    public sealed record PeerDenied(string User, TransportAddress Peer, PeerRule Rule) : TurnRefusal;

    /// <summary>The peer is IPv4 and the allocation IPv6, or the other way round.</summary>
    public sealed record PeerFamilyMismatch(TransportAddress Peer) : TurnRefusal;

    public sealed record FamilyNotServed(bool IsIPv6) : TurnRefusal;

    /// <param name="Protocol">As in an IP header; we relay UDP, 17, and TCP, 6, where it is asked for.</param>
    public sealed record TransportNotServed(int Protocol) : TurnRefusal;

    public sealed record UserQuota(string User, int Limit) : TurnRefusal;

    public sealed record TotalQuota(int Limit) : TurnRefusal;

    public sealed record PortsExhausted : TurnRefusal;

    public sealed record NoSuchReservation : TurnRefusal;

    /// <summary>Permissions or channels of one allocation.</summary>
    public sealed record TooManyPeers(int Limit) : TurnRefusal;

    public sealed record ChannelInUse(ushort Number, TransportAddress Peer) : TurnRefusal;

    public sealed record Draining(TransportAddress? Alternate) : TurnRefusal;

    /// <summary>TCP relays are for clients over TCP, and connections for TCP relays, channels for those of UDP (RFC 6062).</summary>
    public sealed record NotOverThisTransport : TurnRefusal;

    public sealed record ConnectionExists(TransportAddress Peer) : TurnRefusal;

    /// <summary>The peer did not take the connection, or not in time.</summary>
    public sealed record ConnectionFailed(TransportAddress Peer) : TurnRefusal;

    /// <summary>Of one allocation, or of this server.</summary>
    public sealed record TooManyConnections(int Limit) : TurnRefusal;

    public sealed record NoSuchConnection : TurnRefusal;

    public sealed record MobilityOff : TurnRefusal;

    public sealed record UnknownAttributes(int Count) : TurnRefusal;

    public sealed record BadAttribute(StunAttributeType Type) : TurnRefusal;

    public sealed record UnknownMethod : TurnRefusal;
}

/// <summary>What a time-limited name's time may be besides over.</summary>
public enum ExpiryOddity
{
    None,
    Milliseconds, // 13 digits: JavaScript's Date.now(). Such a credential never expires
    FarAhead,     // more than a year: a clock is wrong, or it was minted to last for ever
}

/// <summary>Why an access token (RFC 7635) is not accepted.</summary>
public enum TokenFault
{
    Missing,       // a key's name as the user, and no token
    Malformed,     // lengths that cannot be
    KeyUnknown,    // no key of that name
    KeyExpired,    // the key's own time is over
    NotOurs,       // does not decrypt: another key, or made for another server name
    Expired,
    FromTheFuture, // its time is further ahead than its lifetime: a clock is wrong
    WrongKey,      // good, but the request was not signed with the key in it
}
