using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Thaw.Net.Gathering;

namespace Thaw.IceServers.Sources;

/// <summary>
/// A relay that knows the same secret as we do (draft-uberti-behave-turn-rest-00, coturn's use-auth-secret, <c>thaw relay
/// --auth-secret</c>): the credential is computed here, for every session anew.
/// </summary>
internal sealed class CoturnSource(string name, IReadOnlyList<string> urls, byte[] secret, TimeSpan? lifetime, char separator, TimeProvider time) : IIceServerSource
{
    public string Name => name;

    public bool IsLocal => true;

    public ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel)
    {
        var expiresAt = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + (lifetime ?? request.Lifetime)).ToUnixTimeSeconds());
        string username = string.Create(CultureInfo.InvariantCulture, $"{expiresAt.ToUnixTimeSeconds()}{separator}{request.User}");
        return new(new IceServerGrant([.. ServersOf(urls, username, Password(secret, username))], expiresAt));
    }

#pragma warning disable CA5350 // the convention is SHA-1's; no collision helps an attacker here
    internal static string Password(byte[] secret, string username) => Convert.ToBase64String(HMACSHA1.HashData(secret, Encoding.UTF8.GetBytes(username)));
#pragma warning restore CA5350

    /// <summary>STUN takes no credential, and none is shown to who only asks for it.</summary>
    internal static IEnumerable<IceServer> ServersOf(IReadOnlyList<string> urls, string username, string credential)
    {
        string[] stun = [.. urls.Where(url => url.StartsWith("stun", StringComparison.OrdinalIgnoreCase))];
        string[] turn = [.. urls.Except(stun)];
        if (stun.Length > 0) yield return new IceServer(stun);
        if (turn.Length > 0) yield return new IceServer(turn, username, credential);
    }
}
