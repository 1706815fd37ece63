namespace Thaw.Protocol.Stun;

/// <summary>The little that a host must know of a datagram to route it. Nothing here is authenticated.</summary>
public static class StunPeek
{
    /// <summary>Reads the receiver's fragment, the part before the colon, of a Binding request's USERNAME (RFC 8445 §7.2.2).</summary>
    public static bool TryReadLocalUfrag(ReadOnlySpan<byte> datagram, out ReadOnlySpan<byte> ufrag)
    {
        ufrag = default;
        if (StunReader.TryRead(datagram, out var message) is not null) return false;
        if (message.Method is not StunMethod.Binding || message.Class is not StunClass.Request) return false;
        if (!message.TryFind(StunAttributeType.Username, out var username)) return false;

        int colon = username.Value.IndexOf((byte)':');
        if (colon <= 0) return false;
        ufrag = username.Value[..colon];
        return true;
    }
}
