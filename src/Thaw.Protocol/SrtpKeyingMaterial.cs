namespace Thaw.Protocol;

/// <summary>DTLS-SRTP protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2). Values are the wire's.</summary>
public enum SrtpProfile : ushort
{
    Aes128CmHmacSha1_80 = 0x0001,
    AeadAes128Gcm = 0x0007,
}

/// <summary>The keys that RFC 5764 §4.2 exports, already split by direction.</summary>
public sealed record SrtpKeyingMaterial(
    SrtpProfile Profile, byte[] LocalMasterKey, byte[] LocalMasterSalt, byte[] RemoteMasterKey, byte[] RemoteMasterSalt)
{
    /// <summary>Never prints a key.</summary>
    public override string ToString() => $"SrtpKeyingMaterial {{ {Profile} }}";
}
