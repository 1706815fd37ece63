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

/// <summary>RFC 8489 §18.2, RFC 8656 §17.</summary>
public enum StunMethod
{
    Binding = 0x001,
    Allocate = 0x003,
    Refresh = 0x004,
    Send = 0x006,
    Data = 0x007,
    CreatePermission = 0x008,
    ChannelBind = 0x009,
}

/// <summary>RFC 8489 §5.</summary>
public enum StunClass { Request = 0b00, Indication = 0b01, SuccessResponse = 0b10, ErrorResponse = 0b11 }

/// <summary>RFC 8489 §18.3, RFC 8656 §18, RFC 8445 §20.1. Below 0x8000 comprehension is required.</summary>
public enum StunAttributeType
{
    MappedAddress = 0x0001,
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
    MessageIntegritySha256 = 0x001C,
    PasswordAlgorithm = 0x001D,
    Userhash = 0x001E,
    XorMappedAddress = 0x0020,
    ReservationToken = 0x0022,
    Priority = 0x0024,
    UseCandidate = 0x0025,
    PasswordAlgorithms = 0x8002,
    AlternateDomain = 0x8003,
    Software = 0x8022,
    AlternateServer = 0x8023,
    Fingerprint = 0x8028,
    IceControlled = 0x8029,
    IceControlling = 0x802A,
}

/// <summary>RFC 8489 §18.4 (RFC 8445 §20.2 for 487).</summary>
public static class StunErrorCode
{
    public const int BadRequest = 400;
    public const int Unauthenticated = 401;
    public const int UnknownAttribute = 420;
    public const int StaleNonce = 438;
    public const int RoleConflict = 487;
    public const int ServerError = 500;
}

/// <summary>What a check of MESSAGE-INTEGRITY or FINGERPRINT found.</summary>
public enum StunSeal { Valid, Missing, Invalid }
