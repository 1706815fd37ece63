using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>Whom the server knows: users with passwords, and whoever has a credential minted from a shared secret.</summary>
internal sealed class TurnAccounts
{
    // RFC 8489 §14.11: each number with the length of its parameters, the better first.
    private static readonly byte[] Algorithms =
        [0, (byte)PasswordAlgorithm.Sha256, 0, 0, 0, (byte)PasswordAlgorithm.Md5, 0, 0];

    private readonly string _realm;
    private readonly Dictionary<string, TurnUser> _users = [];
    private readonly Dictionary<string, TurnUser> _byUserhash = [];
    private readonly string[] _secrets;

    /// <exception cref="ArgumentException">Two users, or two keys, of one name.</exception>
    public TurnAccounts(TurnServerOptions options)
    {
        _realm = options.Realm;
        Realm = Encoding.UTF8.GetBytes(options.Realm);
        foreach (var user in options.Users)
            if (!_users.TryAdd(user.Name, user)) throw new ArgumentException($"Two users are called {TurnIdentity.ForDisplay(Encoding.UTF8.GetBytes(user.Name))}.");
        _secrets = [.. options.SharedSecrets];
        Tokens = options.OAuthKeys is [] ? null : new TokenAccounts(options.OAuthKeys, options.OAuthServerName ?? options.Realm);

        // A hash of a name cannot be turned back, and the names of a shared secret are not known before they come.
        bool takesUserhash = options.OffersSha256 && _secrets.Length == 0;
        if (takesUserhash)
            foreach (var user in options.Users) _byUserhash[Convert.ToHexString(LongTermKey.Userhash(user.Name, _realm))] = user;
        OffersSha256 = options.OffersSha256;
        Features = (OffersSha256 ? 1 : 0) | (takesUserhash ? 2 : 0);
    }

    public byte[] Realm { get; }

    public bool OffersSha256 { get; }

    /// <summary>Null: no access tokens.</summary>
    public TokenAccounts? Tokens { get; }

    /// <summary>The security features that the nonce announces (RFC 8489 §18.1).</summary>
    public int Features { get; }

    /// <summary>PASSWORD-ALGORITHMS (RFC 8489 §14.11).</summary>
    public static ReadOnlySpan<byte> PasswordAlgorithms => Algorithms;

    /// <summary>Whose key made the request's integrity attribute?</summary>
    /// <param name="minted">The name's parts, where a shared secret made it.</param>
    /// <returns>Why nobody's, or null.</returns>
    public TurnRefusal? Recognise(
        in StunReader request, PasswordAlgorithm algorithm, long unixTime, out TurnIdentity? identity, out TimeLimitedName? minted)
    {
        identity = null;
        minted = null;
        if (request.TryFind(StunAttributeType.Userhash, out var hash))
        {
            return _byUserhash.TryGetValue(Convert.ToHexString(hash.Value), out var hashed)
                ? Recognise(request, algorithm, hashed, out identity)
                : new TurnRefusal.UnknownUserhash();
        }

        request.TryFind(StunAttributeType.Username, out var attribute);
        if (request.TryFind(StunAttributeType.AccessToken, out var token) && Tokens is not null)
            return Tokens.Recognise(request, token.Value, attribute.Value, unixTime, out identity);

        string username = Encoding.UTF8.GetString(attribute.Value);
        if (_users.TryGetValue(username, out var user)) return Recognise(request, algorithm, user, out identity);

        string display = TurnIdentity.ForDisplay(attribute.Value);
        bool isTimed = TimeLimitedName.TryParse(username, out var name);
        string account = isTimed && name.User.Length > 0 ? name.User : username;
        foreach (string secret in _secrets)
        {
            byte[] key = Key(algorithm, username, Password(secret, attribute.Value));
            if (request.CheckIntegrity(key) is not StunSeal.Valid) continue;
            if (!isTimed) return new TurnRefusal.CredentialWithoutExpiry(display);
            if (name.ExpiresAt < unixTime) return new TurnRefusal.CredentialExpired(display, TimeSpan.FromSeconds(unixTime - name.ExpiresAt));
            minted = name;
            identity = new TurnIdentity(attribute.Value.ToArray(), account, algorithm, key);
            return null;
        }

        bool isTheSecret = false;
        foreach (string secret in _secrets) isTheSecret |= request.CheckIntegrity(Key(algorithm, username, secret)) is StunSeal.Valid;
        if (isTimed && _secrets.Length > 0 || isTheSecret) return new TurnRefusal.WrongPassword(display, isTheSecret, isTimed ? name.Oddity(unixTime) : default);
        if (Tokens?.IsKey(username) is true) return new TurnRefusal.TokenNotAccepted(display, TokenFault.Missing);
        return new TurnRefusal.UnknownUser(display);
    }

    private TurnRefusal.WrongPassword? Recognise(in StunReader request, PasswordAlgorithm algorithm, TurnUser user, out TurnIdentity? identity)
    {
        byte[] username = Encoding.UTF8.GetBytes(user.Name);
        byte[] key = Key(algorithm, user.Name, user.Password);
        bool isValid = request.CheckIntegrity(key) is StunSeal.Valid;
        identity = isValid ? new TurnIdentity(username, user.Name, algorithm, key) : null;
        return isValid ? null : new TurnRefusal.WrongPassword(TurnIdentity.ForDisplay(username), IsTheSecret: false);
    }

    private byte[] Key(PasswordAlgorithm algorithm, string username, string password)
        => LongTermKey.Derive(algorithm, username, _realm, password);

    /// <summary>The convention of TURN's REST API: the name's HMAC-SHA1 under the secret, in base64.</summary>
    private static string Password(string secret, ReadOnlySpan<byte> username)
    {
        Span<byte> mac = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // What every service that mints such credentials does.
        HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), username, mac);
#pragma warning restore CA5350
        return Convert.ToBase64String(mac);
    }
}
