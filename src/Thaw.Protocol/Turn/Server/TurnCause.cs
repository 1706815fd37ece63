namespace Thaw.Protocol.Turn;

/// <summary>The kinds of refusal, a fixed set: what a counter may be labelled with.</summary>
public enum TurnCause
{
    Challenge,
    WrongPassword,
    UnknownUser,
    UnknownUserhash,
    ExpiredCredential,
    CredentialWithoutExpiry,
    WrongRealm,
    StaleNonce,
    ForeignNonce,
    BidDown,
    TokenMalformed,
    TokenKeyUnknown,
    TokenKeyExpired,
    TokenNotOurs,
    TokenExpired,
    TokenFromTheFuture,
    TokenWrongKey,
    TokenMissing,
    OthersAllocation,
    NoAllocation,
    AllocationExists,
    PeerDenied,
    PeerFamilyMismatch,
    FamilyNotServed,
    TransportNotServed,
    UserQuota,
    TotalQuota,
    PortsExhausted,
    NoSuchReservation,
    TooManyPeers,
    ChannelInUse,
    Draining,
    NotOverThisTransport,
    ConnectionExists,
    ConnectionFailed,
    TooManyConnections,
    NoSuchConnection,
    MobilityOff,
    UnknownAttributes,
    BadAttribute,
    UnknownMethod,
}

/// <summary>
/// The one place that says which id a refusal has. Ids do not change: dashboards and guides name them. Those without a dot are
/// of the catalogue of causes that callers hang for; what it does not know is <c>turn.</c> and the kind.
/// </summary>
public static class TurnCauses
{
    public const string BadCredentials = "turn-bad-credentials";
    public const string ExpiredCredentials = "turn-expired-credentials";
    public const string NonceLoop = "turn-nonce-loop";
    public const string QuotaOrCapacity = "turn-quota-or-capacity";
    public const string PeerForbidden = "turn-peer-forbidden";

    public static IReadOnlyList<TurnCause> All { get; } = Enum.GetValues<TurnCause>();

    private static readonly string[] Names = [.. All.Select(cause => Kebab(cause.ToString()))];

    extension(TurnCause cause)
    {
        /// <summary>The kind in words: <c>wrong-password</c>.</summary>
        public string Name => Names[(int)cause];

        /// <summary>The stable id.</summary>
        public string Id => cause switch
        {
            TurnCause.WrongPassword or TurnCause.UnknownUser or TurnCause.UnknownUserhash or TurnCause.CredentialWithoutExpiry or TurnCause.WrongRealm
                or TurnCause.TokenMalformed or TurnCause.TokenKeyUnknown or TurnCause.TokenKeyExpired or TurnCause.TokenNotOurs
                or TurnCause.TokenWrongKey or TurnCause.TokenMissing => BadCredentials,
            TurnCause.ExpiredCredential or TurnCause.TokenExpired or TurnCause.TokenFromTheFuture => ExpiredCredentials,
            TurnCause.ForeignNonce => NonceLoop,
            TurnCause.UserQuota or TurnCause.TotalQuota or TurnCause.PortsExhausted or TurnCause.TooManyPeers or TurnCause.TooManyConnections => QuotaOrCapacity,
            TurnCause.PeerDenied => PeerForbidden,
            _ => $"turn.{cause.Name}",
        };
    }

    private static string Kebab(string name) => string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : $"{c}"));
}

public abstract partial record TurnRefusal
{
    public TurnCause Cause => this switch
    {
        Challenge => TurnCause.Challenge,
        WrongPassword => TurnCause.WrongPassword,
        UnknownUser => TurnCause.UnknownUser,
        UnknownUserhash => TurnCause.UnknownUserhash,
        CredentialExpired => TurnCause.ExpiredCredential,
        CredentialWithoutExpiry => TurnCause.CredentialWithoutExpiry,
        WrongRealm => TurnCause.WrongRealm,
        NonceNotAccepted nonce => nonce.Fault is NonceFault.Stale ? TurnCause.StaleNonce : TurnCause.ForeignNonce,
        BidDown => TurnCause.BidDown,
        TokenNotAccepted token => token.Fault switch
        {
            TokenFault.Malformed => TurnCause.TokenMalformed,
            TokenFault.KeyUnknown => TurnCause.TokenKeyUnknown,
            TokenFault.KeyExpired => TurnCause.TokenKeyExpired,
            TokenFault.NotOurs => TurnCause.TokenNotOurs,
            TokenFault.Expired => TurnCause.TokenExpired,
            TokenFault.FromTheFuture => TurnCause.TokenFromTheFuture,
            TokenFault.WrongKey => TurnCause.TokenWrongKey,
            _ => TurnCause.TokenMissing,
        },
        OthersAllocation => TurnCause.OthersAllocation,
        NoAllocation => TurnCause.NoAllocation,
        AllocationExists => TurnCause.AllocationExists,
        PeerDenied => TurnCause.PeerDenied,
        PeerFamilyMismatch => TurnCause.PeerFamilyMismatch,
        FamilyNotServed => TurnCause.FamilyNotServed,
        TransportNotServed => TurnCause.TransportNotServed,
        UserQuota => TurnCause.UserQuota,
        TotalQuota => TurnCause.TotalQuota,
        PortsExhausted => TurnCause.PortsExhausted,
        NoSuchReservation => TurnCause.NoSuchReservation,
        TooManyPeers => TurnCause.TooManyPeers,
        ChannelInUse => TurnCause.ChannelInUse,
        Draining => TurnCause.Draining,
        NotOverThisTransport => TurnCause.NotOverThisTransport,
        ConnectionExists => TurnCause.ConnectionExists,
        ConnectionFailed => TurnCause.ConnectionFailed,
        TooManyConnections => TurnCause.TooManyConnections,
        NoSuchConnection => TurnCause.NoSuchConnection,
        MobilityOff => TurnCause.MobilityOff,
        UnknownAttributes => TurnCause.UnknownAttributes,
        BadAttribute => TurnCause.BadAttribute,
        UnknownMethod => TurnCause.UnknownMethod,
        _ => throw new System.Diagnostics.UnreachableException($"{GetType().Name} has no cause."),
    };

    /// <summary>The stable id: <see cref="TurnCauses"/>.</summary>
    public string CauseId => Cause.Id;

    /// <summary>Who was refused, as the request said; null where that does not matter.</summary>
    public string? Whose => this switch
    {
        WrongPassword wrong => wrong.User,
        UnknownUser unknown => unknown.User,
        CredentialExpired expired => expired.User,
        CredentialWithoutExpiry without => without.User,
        TokenNotAccepted token => token.Kid,
        OthersAllocation others => others.User,
        PeerDenied denied => denied.User,
        UserQuota quota => quota.User,
        _ => null,
    };
}
