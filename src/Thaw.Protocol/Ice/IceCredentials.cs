using System.Security.Cryptography;

namespace Thaw.Protocol.Ice;

/// <summary>An ICE generation's username fragment and password (RFC 8445 §5.3, RFC 8839 §5.4).</summary>
/// <param name="Ufrag">4–256 ice-chars.</param>
/// <param name="Password">22–256 ice-chars.</param>
public sealed record IceCredentials(string Ufrag, string Password)
{
    private const string IceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; // RFC 8839 §5.4

    /// <summary>48 random bits of fragment (24 are required) and 144 of password (128 are required), RFC 8445 §5.3.</summary>
    /// <param name="prefix">Leads the fragment: hosts put the owning loop in it, so that a first check finds its way.</param>
    public static IceCredentials Create(RandomNumberGenerator random, string prefix = "")
        => new(prefix + Characters(random, 8), Characters(random, 24));

    /// <summary>Never prints the password.</summary>
    public override string ToString() => $"IceCredentials {{ {Ufrag} }}";

    private static string Characters(RandomNumberGenerator random, int count)
    {
        Span<byte> bytes = stackalloc byte[32];
        random.GetBytes(bytes[..count]);
        Span<char> text = stackalloc char[32];
        for (int i = 0; i < count; i++) text[i] = IceChars[bytes[i] & 63];
        return new string(text[..count]);
    }
}
