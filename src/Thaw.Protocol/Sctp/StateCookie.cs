using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Thaw.Protocol.Sctp;

/// <summary>What a peer's INIT or INIT ACK told us.</summary>
internal readonly record struct PeerParameters(
    uint Tag, Tsn InitialTsn, uint ReceiverWindow, ushort OutboundStreams, ushort InboundStreams, bool ForwardTsn, bool ReConfig)
{
    public static PeerParameters From(in InitReader init)
    {
        bool forwardTsn = false, reConfig = false;
        for (var rest = init.Parameters; ParameterReader.TryTake(ref rest, out var parameter);)
        {
            if (parameter.Type is ParameterType.ForwardTsnSupported) forwardTsn = true;
            if (parameter.Type is not ParameterType.SupportedExtensions) continue;
            forwardTsn |= parameter.Value.Contains((byte)ChunkType.ForwardTsn);
            reConfig |= parameter.Value.Contains((byte)ChunkType.ReConfig);
        }

        return new(init.InitiateTag, init.InitialTsn, init.ReceiverWindow, init.OutboundStreams, init.InboundStreams, forwardTsn, reConfig);
    }
}

/// <summary>
/// The State Cookie (RFC 9260 §5.1.3): the peer keeps what its INIT said until it proves, by echoing, that it hears us.
/// The key lives and dies with the association, so a cookie of another association never verifies.
/// </summary>
internal static class StateCookie
{
    public const int KeyLength = 32;
    public const int Length = BodyLength + HMACSHA256.HashSizeInBytes;
    private const int BodyLength = 28;

    public static void Write(Span<byte> cookie, ReadOnlySpan<byte> key, in PeerParameters peer, Instant now)
    {
        BinaryPrimitives.WriteInt64BigEndian(cookie, now.Ticks);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[8..], peer.Tag);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[12..], peer.InitialTsn.Value);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[16..], peer.ReceiverWindow);
        BinaryPrimitives.WriteUInt16BigEndian(cookie[20..], peer.OutboundStreams);
        BinaryPrimitives.WriteUInt16BigEndian(cookie[22..], peer.InboundStreams);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[24..], (peer.ForwardTsn ? 1u : 0u) | (peer.ReConfig ? 2u : 0u));
        HMACSHA256.HashData(key, cookie[..BodyLength], cookie[BodyLength..Length]);
    }

    public static bool TryRead(ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> key, out PeerParameters peer, out Instant madeAt)
    {
        peer = default;
        madeAt = default;
        if (cookie.Length != Length) return false;

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, cookie[..BodyLength], expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, cookie[BodyLength..])) return false;

        madeAt = new Instant(BinaryPrimitives.ReadInt64BigEndian(cookie));
        uint capabilities = BinaryPrimitives.ReadUInt32BigEndian(cookie[24..]);
        peer = new PeerParameters(
            BinaryPrimitives.ReadUInt32BigEndian(cookie[8..]),
            new Tsn(BinaryPrimitives.ReadUInt32BigEndian(cookie[12..])),
            BinaryPrimitives.ReadUInt32BigEndian(cookie[16..]),
            BinaryPrimitives.ReadUInt16BigEndian(cookie[20..]),
            BinaryPrimitives.ReadUInt16BigEndian(cookie[22..]),
            (capabilities & 1) != 0,
            (capabilities & 2) != 0);
        return true;
    }
}
