using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Stun;

namespace Thaw.Fuzz.Targets;

/// <summary>Every accessor of a message that was accepted as well formed.</summary>
internal static class StunTarget
{
    private static readonly byte[] Key = "VOkJxbRl1RmTxUk/WvJxBt"u8.ToArray(); // RFC 5769 §2.1

    public static void Run(ReadOnlySpan<byte> input)
    {
        StunPeek.TryReadLocalUfrag(input, out _);
        if (StunReader.TryRead(input, out var message) is not null) return;

        foreach (var attribute in message)
        {
            attribute.TryReadUInt32(out _);
            attribute.TryReadUInt64(out _);
            attribute.TryReadAddress(out _);
            attribute.TryReadError(out _, out _);
            message.TryReadXorAddress(attribute.Type, out _);
        }

        message.FindUnknown([], stackalloc ushort[4]);
        message.CheckIntegrity(Key);
        message.CheckFingerprint();
    }

    public static IEnumerable<Seed> Seeds() =>
    [
        new("check", Check(controlling: true)),
        new("success", Success()),
        new("error", Error()),
    ];

    internal static byte[] Check(bool controlling)
    {
        var writer = new StunWriter(new byte[512], StunMethod.Binding, StunClass.Request, new TransactionId(1, 2));
        writer.Add(StunAttributeType.Username, "ours:them"u8);
        writer.Add(StunAttributeType.Priority, 1_853_824_767U);
        writer.Add(controlling ? StunAttributeType.IceControlling : StunAttributeType.IceControlled, 0x0123_4567_89AB_CDEFUL);
        if (controlling) writer.Add(StunAttributeType.UseCandidate);
        return Sealed(writer);
    }

    internal static byte[] Success()
    {
        var writer = new StunWriter(new byte[512], StunMethod.Binding, StunClass.SuccessResponse, new TransactionId(1, 2));
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, new TransportAddress(IPAddress.Parse("2001:db8::1"), 32_853));
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, new TransportAddress(IPAddress.Parse("192.0.2.1"), 32_853));
        return Sealed(writer);
    }

    internal static byte[] Error()
    {
        var writer = new StunWriter(new byte[512], StunMethod.Binding, StunClass.ErrorResponse, new TransactionId(1, 2));
        writer.AddError(StunErrorCode.RoleConflict, "Role Conflict"u8);
        writer.AddUnknown([0x7FFF, 0x1234]);
        return Sealed(writer);
    }

    private static byte[] Sealed(StunWriter writer)
    {
        writer.AddIntegrity(Key);
        writer.AddFingerprint();
        return writer.Finish().ToArray();
    }
}
