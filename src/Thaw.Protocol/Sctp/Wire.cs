namespace Thaw.Protocol.Sctp;

/// <summary>RFC 9260 §3.2; RFC 6525 §3.1; RFC 3758 §3.2.</summary>
internal enum ChunkType : byte
{
    Data = 0,
    Init = 1,
    InitAck = 2,
    Sack = 3,
    Heartbeat = 4,
    HeartbeatAck = 5,
    Abort = 6,
    Shutdown = 7,
    ShutdownAck = 8,
    Error = 9,
    CookieEcho = 10,
    CookieAck = 11,
    Ecne = 12,
    Cwr = 13,
    ShutdownComplete = 14,
    ReConfig = 130,
    ForwardTsn = 192,
}

/// <summary>RFC 9260 §3.3.1: the flags of a DATA chunk.</summary>
[Flags]
internal enum DataFlags : byte
{
    None = 0,
    End = 1,
    Begin = 2,
    Unordered = 4,
    Immediate = 8, // RFC 7053
}

/// <summary>RFC 9260 §3.3.2, §3.3.3, §3.3.5; RFC 6525 §4; RFC 5061 §4.2.7; RFC 3758 §3.1.</summary>
internal enum ParameterType : ushort
{
    HeartbeatInfo = 1,
    IPv4Address = 5,
    IPv6Address = 6,
    StateCookie = 7,
    UnrecognizedParameter = 8,
    CookiePreservative = 9,
    HostNameAddress = 11,
    SupportedAddressTypes = 12,
    OutgoingSsnReset = 13,
    IncomingSsnReset = 14,
    SsnTsnReset = 15,
    ReconfigResponse = 16,
    AddOutgoingStreams = 17,
    AddIncomingStreams = 18,
    Ecn = 0x8000,
    ZeroChecksumAcceptable = 0x8001, // RFC 9653; we always check and send checksums
    Random = 0x8002,
    ChunkList = 0x8003,
    RequestedHmac = 0x8004,
    SupportedExtensions = 0x8008,
    ForwardTsnSupported = 0xC000,
}

/// <summary>RFC 9260 §3.3.10.</summary>
internal enum ErrorCause : ushort
{
    None = 0,
    InvalidStreamIdentifier = 1,
    StaleCookie = 3,
    OutOfResource = 4,
    UnrecognizedChunkType = 6,
    UserInitiatedAbort = 12,
    ProtocolViolation = 13,
}

/// <summary>RFC 6525 §4.4.</summary>
internal enum ReconfigResult : uint
{
    NothingToDo = 0,
    Performed = 1,
    Denied = 2,
    WrongSsn = 3,
    AlreadyInProgress = 4,
    BadSequenceNumber = 5,
    InProgress = 6,
}

/// <summary>Payload protocol identifiers of WebRTC (RFC 8831 §8, RFC 8832 §8.1).</summary>
internal static class Ppid
{
    public const uint Dcep = 50;
    public const uint String = 51;
    public const uint BinaryPartial = 52; // deprecated; libwebrtc takes it as a message, so do we
    public const uint Binary = 53;
    public const uint StringPartial = 54; // deprecated
    public const uint StringEmpty = 56;
    public const uint BinaryEmpty = 57;
}
