using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>Whoever has an access token (RFC 7635) of an authorization server whose keys we share.</summary>
internal sealed class TokenAccounts
{
    private const long Delta = 5; // RFC 7635 §7: what clocks may differ by, in seconds

    // coturn, and clients made with its library, sign SHA-1 with the first 128 bits of the key, as if it were one of MD5.
    private const int CoturnKeyLength = 16;

    private readonly Dictionary<string, OAuthKey> _keys = [];
    private readonly byte[] _serverName;

    /// <exception cref="ArgumentException">Two keys of one name, or a server's name too long.</exception>
    public TokenAccounts(IReadOnlyList<OAuthKey> keys, string serverName)
    {
        _serverName = Encoding.UTF8.GetBytes(serverName);
        if (_serverName.Length is 0 or > 255) throw new ArgumentException("The server's name for access tokens has 1 to 255 bytes."); // RFC 7635 §6.1: that of a host
        foreach (var key in keys)
            if (!_keys.TryAdd(key.Kid, key)) throw new ArgumentException($"Two keys for access tokens are called {key.Kid}.");
    }

    /// <summary>What THIRD-PARTY-AUTHORIZATION says, and what every token is bound to.</summary>
    public ReadOnlySpan<byte> ServerName => _serverName;

    public bool IsKey(string kid) => _keys.ContainsKey(kid);

    /// <summary>RFC 7635 §7: the name of a key, a token under it in its time, and a request signed with the key in the token.</summary>
    /// <returns>What is wrong, or null.</returns>
    public TurnRefusal? Recognise(in StunReader request, ReadOnlySpan<byte> token, ReadOnlySpan<byte> kid, long unixTime, out TurnIdentity? identity)
    {
        identity = null;
        string display = TurnIdentity.ForDisplay(kid);
        if (!_keys.TryGetValue(Encoding.UTF8.GetString(kid), out var key)) return new TurnRefusal.TokenNotAccepted(display, TokenFault.KeyUnknown);
        if (key.ExpiresAt?.ToUnixTimeSeconds() is { } end && end <= unixTime) return Late(TokenFault.KeyExpired, unixTime - end);
        if (AccessToken.TryOpen(token, key.Key, _serverName, out var opened) is { } fault) return new TurnRefusal.TokenNotAccepted(display, fault);

        long over = opened.IssuedAt + opened.Lifetime;
        if (unixTime - over > Delta) return Late(TokenFault.Expired, unixTime - over);
        if (opened.IssuedAt - unixTime > opened.Lifetime + Delta) return Late(TokenFault.FromTheFuture, opened.IssuedAt - unixTime);
        byte[]? signer = Signer(request, opened.MacKey);
        if (signer is null) return new TurnRefusal.TokenNotAccepted(display, TokenFault.WrongKey);

        // Every client has the key's name; the token is who it is.
        string account = $"{display}#{Convert.ToHexString(SHA256.HashData(opened.MacKey).AsSpan(0, 8))}";
        identity = new TurnIdentity(kid.ToArray(), account, PasswordAlgorithm.Sha256, signer) { TokenEndsAt = Math.Min(over + Delta, unixTime + opened.Lifetime + Delta) };
        return null;

        static byte[]? Signer(in StunReader request, byte[] macKey)
        {
            if (request.CheckIntegrity(macKey) is StunSeal.Valid) return macKey;
            byte[] cut = macKey[..CoturnKeyLength];
            return request.CheckIntegrity(cut) is StunSeal.Valid ? cut : null;
        }

        TurnRefusal.TokenNotAccepted Late(TokenFault fault, long by) => new(display, fault, TimeSpan.FromSeconds(Math.Min(by, uint.MaxValue)));
    }
}
