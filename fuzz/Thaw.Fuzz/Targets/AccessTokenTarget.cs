using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;

namespace Thaw.Fuzz.Targets;

/// <summary>An access token as it came; the same as what a good key seals; and the line of a file that a key is read from.</summary>
internal static class AccessTokenTarget
{
    private static readonly byte[] Key = new byte[32];
    private static readonly byte[] MacKey = new byte[20];
    private static readonly DateTimeOffset Noon = DateTimeOffset.UnixEpoch.AddYears(56);

    public static void Run(ReadOnlySpan<byte> input)
    {
        Open(input);
        if (input.Length <= 2 * AccessToken.MaxLength) Open(Sealed(input));
        if (OAuthKey.Read(Encoding.Latin1.GetString(input), out var key) is null != key is not null) throw new InvalidOperationException("A key and an error, or neither.");
    }

    public static IEnumerable<Seed> Seeds()
    {
        byte[] token = AccessToken.Seal(MacKey, Noon, TimeSpan.FromHours(1), Key, "relay"u8, new byte[12]);
        byte[] block = [0, 20, .. MacKey, .. new byte[8], 0, 0, 14, 16];
        return [new("token", token), new("block", block), new("key", [.. "north:AAAAAAAAAAAAAAAAAAAAAA==:1999999999"u8])];
    }

    private static void Open(ReadOnlySpan<byte> token)
    {
        if (AccessToken.TryOpen(token, Key, "relay"u8, out var opened) is not null) return;
        if (opened.MacKey.Length is < 20 or > 64 || opened.Lifetime < 0 || opened.IssuedAt < 0) throw new InvalidOperationException("A token that cannot be was opened.");

        var accounts = new TokenAccounts([OAuthKey.TryCreate("kid", Key, null, out var key) ? key! : throw new InvalidOperationException()], "relay");
        var writer = new StunWriter(new byte[64], StunMethod.Allocate, StunClass.Request, new TransactionId(1, 2));
        writer.AddIntegrity(opened.MacKey);
        StunReader.TryRead(writer.Finish(), out var request);
        accounts.Recognise(request, token, "kid"u8, Noon.ToUnixTimeSeconds(), out _);
    }

    private static byte[] Sealed(ReadOnlySpan<byte> block)
    {
        byte[] token = [0, 12, .. new byte[12], .. block, .. new byte[16]];
        using var cipher = new AesGcm(Key, 16);
        cipher.Encrypt(new byte[12], block, token.AsSpan(14, block.Length), token.AsSpan(14 + block.Length), "relay"u8);
        return token;
    }
}
