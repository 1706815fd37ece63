namespace Thaw.Protocol.Stun;

internal static class StunHeader
{
    public const int Length = 20;          // RFC 8489 §5
    public const int AttributeLength = 4;  // RFC 8489 §14
    public const uint MagicCookie = 0x2112A442;

    /// <summary>No STUN over UDP needs more; it bounds what an integrity check copies to the stack.</summary>
    public const int MaxMessage = Output.BufferLength;

    public static int Padded(int length) => (length + 3) & ~3;
}

/// <summary>RFC 8489 §18.2, RFC 8656 §17, RFC 6062 §6.1.</summary>
public enum StunMethod
{
    Binding = 0x001,
    Allocate = 0x003,
    Refresh = 0x004,
    Send = 0x006,
    Data = 0x007,
    CreatePermission = 0x008,
    ChannelBind = 0x009,
    Connect = 0x00A,
    ConnectionBind = 0x00B,
    ConnectionAttempt = 0x00C,
}

/// <summary>RFC 8489 §5.</summary>
public enum StunClass { Request = 0b00, Indication = 0b01, SuccessResponse = 0b10, ErrorResponse = 0b11 }

/// <summary>
/// RFC 8489 §18.3, RFC 8656 §18, RFC 8445 §20.1, RFC 5780 §7, RFC 6062 §6.2, RFC 7635 §6, RFC 8016 §3. Below 0x8000
/// comprehension is required.
/// </summary>
public enum StunAttributeType
{
    MappedAddress = 0x0001,
    ChangeRequest = 0x0003,
    SourceAddress = 0x0004,  // RFC 3489 §11.2
    ChangedAddress = 0x0005, // the same
    Username = 0x0006,
    MessageIntegrity = 0x0008,
    ErrorCode = 0x0009,
    UnknownAttributes = 0x000A,
    ChannelNumber = 0x000C,
    Lifetime = 0x000D,
    XorPeerAddress = 0x0012,
    Data = 0x0013,
    Realm = 0x0014,
    Nonce = 0x0015,
    XorRelayedAddress = 0x0016,
    RequestedAddressFamily = 0x0017,
    EvenPort = 0x0018,
    RequestedTransport = 0x0019,
    DontFragment = 0x001A,
    AccessToken = 0x001B,
    MessageIntegritySha256 = 0x001C,
    PasswordAlgorithm = 0x001D,
    Userhash = 0x001E,
    XorMappedAddress = 0x0020,
    ReservationToken = 0x0022,
    Priority = 0x0024,
    UseCandidate = 0x0025,
    Padding = 0x0026,
    ResponsePort = 0x0027,
    ConnectionId = 0x002A,
    AdditionalAddressFamily = 0x8000,
    AddressErrorCode = 0x8001,
    PasswordAlgorithms = 0x8002,
    AlternateDomain = 0x8003,
    Icmp = 0x8004,
    Software = 0x8022,
    AlternateServer = 0x8023,
    Fingerprint = 0x8028,
    IceControlled = 0x8029,
    IceControlling = 0x802A,
    ResponseOrigin = 0x802B,
    OtherAddress = 0x802C,
    ThirdPartyAuthorization = 0x802E,
    MobilityTicket = 0x8030,
}

/// <summary>RFC 8489 §18.4, RFC 8656 §19, RFC 6062 §6.3, RFC 8016 §3; RFC 8445 §20.2 for 487.</summary>
public static class StunErrorCode
{
    public const int TryAlternate = 300;
    public const int BadRequest = 400;
    public const int Unauthenticated = 401;
    public const int Forbidden = 403;
    public const int MobilityForbidden = 405;
    public const int UnknownAttribute = 420;
    public const int AllocationMismatch = 437;
    public const int StaleNonce = 438;
    public const int AddressFamilyNotSupported = 440;
    public const int WrongCredentials = 441;
    public const int UnsupportedTransportProtocol = 442;
    public const int PeerAddressFamilyMismatch = 443;
    public const int ConnectionAlreadyExists = 446;
    public const int ConnectionTimeoutOrFailure = 447;
    public const int AllocationQuotaReached = 486;
    public const int RoleConflict = 487;
    public const int ServerError = 500;
    public const int InsufficientCapacity = 508;
}

/// <summary>What a check of MESSAGE-INTEGRITY or FINGERPRINT found.</summary>
public enum StunSeal { Valid, Missing, Invalid }
