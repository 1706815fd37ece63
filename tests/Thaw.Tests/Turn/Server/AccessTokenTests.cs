using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>RFC 7635: access tokens of an authorization server that shares a key with us.</summary>
public sealed class AccessTokenTests
{
    private const string ServerName = "relay.example";

    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] ShortKey = Key[..16];
    private static readonly byte[] MacKey = [.. Enumerable.Range(100, 20).Select(i => (byte)i)];

    private readonly TurnTable _table = new(Served with
    {
        OAuthKeys = [Made("north", Key), Made("union", ShortKey), Made("old", Key, Noon.AddMinutes(-1))],
        OAuthServerName = ServerName,
    });

    [Fact]
    public void The_401_names_the_server_that_a_token_must_be_for_and_only_with_keys()
    {
        byte[] name = _table.Client().AskOnce(StunMethod.Allocate)!.Value(StunAttributeType.ThirdPartyAuthorization);
        Assert.Equal(ServerName, Encoding.UTF8.GetString(name));

        Assert.Empty(new TurnTable().Client().AskOnce(StunMethod.Allocate)!.Value(StunAttributeType.ThirdPartyAuthorization));
        byte[] realm = new TurnTable(Served with { OAuthKeys = [Made("north", Key)] }).Client().AskOnce(StunMethod.Allocate)!.Value(StunAttributeType.ThirdPartyAuthorization);
        Assert.Equal("thaw", Encoding.UTF8.GetString(realm));
    }

    [Theory]
    [InlineData("north", PasswordAlgorithm.Md5)]
    [InlineData("union", PasswordAlgorithm.Md5)]
    [InlineData("north", PasswordAlgorithm.Sha256)]
    public void A_token_is_a_credential_and_the_key_in_it_signs_both_ways(string kid, PasswordAlgorithm algorithm)
    {
        var holder = Holder(kid, Token(kid));
        if (algorithm is PasswordAlgorithm.Sha256) holder.Client.Algorithm = algorithm;

        var reply = holder.Allocate();

        Assert.True(reply.Succeeded);
        Assert.Equal(StunSeal.Valid, reply.Message.CheckIntegrity(MacKey));
        Assert.Equal(kid, _table.Of<Observation.AllocationMade>().Single().User);
        Assert.True(holder.Ask(StunMethod.CreatePermission, (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, At("203.0.113.5"))).Succeeded);
        Assert.True(holder.Without().Ask(StunMethod.Refresh).Succeeded); // the server knows the key by now
    }

    [Fact]
    public void A_client_that_signs_with_the_first_128_bits_as_coturn_does_is_answered_in_kind()
    {
        var reply = Holder("north", Token("north"), macKey: MacKey[..16]).Allocate();
        Assert.True(reply.Succeeded);
        Assert.Equal(StunSeal.Valid, reply.Message.CheckIntegrity(MacKey.AsSpan(0, 16)));
        Assert.Equal(401, Holder("north", Token("north"), macKey: MacKey[..15], port: 2).Allocate().Code);
    }

    [Fact]
    public void Passwords_go_on_working_beside_tokens()
    {
        Assert.True(_table.Client(port: 1).Allocate().Succeeded);
        Assert.True(Holder("north", Token("north"), port: 2).Allocate().Succeeded);
    }

    [Fact]
    public void An_allocation_lasts_no_longer_than_its_token_and_a_new_token_carries_it_on()
    {
        var holder = Holder("north", Token("north", lifetime: 120));
        Assert.InRange(holder.Allocate().Lifetime, 120u, 125u); // RFC 7635 §7: Delta is 5 s
        _table.Pass(100);
        Assert.InRange(holder.Ask(StunMethod.Refresh).Lifetime, 20u, 25u);

        byte[] otherMac = [.. MacKey.Reverse()];
        var renewed = Holder("north", Token("north", otherMac, lifetime: 3600, issued: 100), otherMac);
        var reply = renewed.Ask(StunMethod.Refresh);
        Assert.Equal(600u, reply.Lifetime);
        Assert.Equal(StunSeal.Valid, reply.Message.CheckIntegrity(otherMac));
        _table.Pass(400);
        Assert.Equal(600u, renewed.Ask(StunMethod.Refresh).Lifetime);
    }

    [Fact]
    public void A_token_under_the_next_key_carries_an_allocation_on_but_no_password_does_and_none_a_passwords()
    {
        var holder = Holder("north", Token("north"));
        holder.Allocate();
        byte[] otherMac = new byte[32];
        Assert.True(Holder("union", Token("union", otherMac), otherMac).Ask(StunMethod.Refresh).Succeeded);
        Assert.Equal(441, _table.Client().Refresh().Code);

        _table.Client(port: 2).Allocate();
        Assert.Equal(441, Holder("north", Token("north"), port: 2).Ask(StunMethod.Refresh).Code);
        Assert.Equal(2, _table.Server.AllocationCount);
    }

    [Fact]
    public void An_allocation_without_a_new_token_ends_with_the_old()
    {
        var holder = Holder("north", Token("north", lifetime: 60));
        holder.Allocate();
        _table.Pass(64);
        Assert.Equal(1, _table.Server.AllocationCount);
        _table.Pass(2);
        Assert.Equal(0, _table.Server.AllocationCount);
        Assert.Equal(401, holder.Allocate().Code);
        Assert.Equal(TokenFault.Expired, Fault.Fault);
    }

    [Theory]
    [InlineData("west", TokenFault.KeyUnknown)]
    [InlineData("old", TokenFault.KeyExpired)]
    [InlineData("union", TokenFault.NotOurs)] // made with another's key
    public void Another_keys_name_is_refused_and_told(string kid, TokenFault fault)
    {
        Assert.Equal(401, Holder(kid, Token("north")).Allocate().Code);
        Assert.Equal((kid, fault), (Fault.Kid, Fault.Fault));
    }

    [Fact]
    public void A_token_for_another_server_does_not_open()
    {
        byte[] token = AccessToken.Seal(MacKey, Noon, TimeSpan.FromHours(1), Key, "other.example"u8, new byte[12]);
        Assert.Equal(401, Holder("north", token).Allocate().Code);
        Assert.Equal(TokenFault.NotOurs, Fault.Fault);
    }

    [Theory]
    [InlineData(-3606, 3600, TokenFault.Expired)]
    [InlineData(-3604, 3600, null)] // within Delta
    [InlineData(0, 0, null)]
    [InlineData(3604, 3600, null)]  // RFC 7635 §7 takes the distance, whichever way
    [InlineData(3606, 3600, TokenFault.FromTheFuture)]
    [InlineData(100_000, 3600, TokenFault.FromTheFuture)]
    public void A_token_is_good_for_its_lifetime_and_five_seconds(int issued, int lifetime, TokenFault? fault)
    {
        var reply = Holder("north", Token("north", lifetime: lifetime, issued: issued)).Allocate();
        Assert.Equal(fault is null, reply.Succeeded);
        if (fault is not null) Assert.Equal(fault, Fault.Fault);
        else Assert.True(reply.Lifetime <= Math.Max(1, lifetime + 5));
    }

    [Fact]
    public void Whoever_saw_a_token_pass_cannot_use_it()
    {
        Assert.Equal(401, Holder("north", Token("north"), macKey: new byte[20]).Allocate().Code);
        Assert.Equal(TokenFault.WrongKey, Fault.Fault);
        Assert.Equal(401, _table.Client(user: "north", password: "x", port: 9).Allocate().Code);
        Assert.Equal(TokenFault.Missing, Fault.Fault);
    }

    [Fact]
    public void Another_tokens_holder_has_a_quota_of_its_own()
    {
        var table = new TurnTable(_table.Options with { UserQuota = 1 });
        Assert.True(new TokenHolder(table, table.Client(port: 1, user: "north"), Token("north"), MacKey).Allocate().Succeeded);
        Assert.Equal(486, new TokenHolder(table, table.Client(port: 2, user: "north"), Token("north"), MacKey).Allocate().Code);
        byte[] otherMac = new byte[32];
        Assert.True(new TokenHolder(table, table.Client(port: 3, user: "north"), Token("north", otherMac), otherMac).Allocate().Succeeded);
    }

    [Fact]
    public void CVE_2026_43994_lengths_in_a_token_are_bounded_before_anything_is_computed()
    {
        byte[] good = Token("north");
        var bad = new List<byte[]> { Array.Empty<byte>(), new byte[] { 0 }, good[..^1], new byte[AccessToken.MaxLength + 1], Sealed(new byte[19]), Sealed(new byte[65]) };
        foreach (int nonceLength in new[] { 0, 11, 13, 16, 255, 0xFFFF })
        {
            byte[] lying = [.. good];
            (lying[0], lying[1]) = ((byte)(nonceLength >> 8), (byte)nonceLength);
            bad.Add(lying);
        }

        foreach (byte[] token in bad)
        {
            Assert.Equal(401, Holder("north", token).Allocate().Code);
            Assert.True(Fault.Fault is TokenFault.Malformed or TokenFault.NotOurs, $"{Fault.Fault} for {token.Length} bytes");
        }

        byte[] Sealed(byte[] macKey) => AccessToken.Seal(macKey, Noon, TimeSpan.FromHours(1), Key, Encoding.UTF8.GetBytes(ServerName), new byte[12]);
    }

    [Fact]
    public void A_length_inside_the_sealed_block_that_lies_is_found()
    {
        for (int length = 0; length < 200; length++)
        {
            byte[] block = new byte[2 + 20 + 12];
            block[1] = (byte)length;
            byte[] token = [0, 12, .. new byte[12], .. block, .. new byte[16]];
            using var cipher = new AesGcm(Key, 16);
            cipher.Encrypt(new byte[12], block, token.AsSpan(14, block.Length), token.AsSpan(14 + block.Length), Encoding.UTF8.GetBytes(ServerName));
            Assert.Equal(length == 20 ? null : TokenFault.Malformed, AccessToken.TryOpen(token, Key, Encoding.UTF8.GetBytes(ServerName), out _));
        }
    }

    [Fact]
    public void Any_bytes_are_no_token_and_no_exception()
        => Gen.Byte.Array[0, 300].Sample(bytes => AccessToken.TryOpen(bytes, Key, "x"u8, out _) is not null, iter: 2000);

    [Fact]
    public void A_token_comes_out_as_it_went_in()
        => Gen.Select(Gen.Byte.Array[20, 64], Gen.UInt[0, uint.MaxValue], Gen.Long[0, 1L << 33]).Sample((macKey, lifetime, issued) =>
        {
            byte[] token = AccessToken.Seal(macKey, DateTimeOffset.FromUnixTimeSeconds(issued), TimeSpan.FromSeconds(lifetime), Key, "x"u8, new byte[12]);
            Assert.Null(AccessToken.TryOpen(token, Key, "x"u8, out var opened));
            Assert.Equal((issued, (long)lifetime), (opened.IssuedAt, opened.Lifetime));
            Assert.Equal(macKey, opened.MacKey);
        }, iter: 200);

    [Theory]
    [InlineData("north:AAAAAAAAAAAAAAAAAAAAAA==", null)]
    [InlineData("north:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:1999999999", null)]
    [InlineData("north", "KID:BASE64")]
    [InlineData("north:SECRET!!", "base64")]
    [InlineData("north:U0VDUkVU", "not 6")]
    [InlineData(":AAAAAAAAAAAAAAAAAAAAAA==", "name")]
    [InlineData("north:AAAAAAAAAAAAAAAAAAAAAA==:soon", "expiry")]
    [InlineData("north:AAAAAAAAAAAAAAAAAAAAAA==:1:2", "KID:BASE64")]
    public void A_key_is_read_or_what_is_wrong_is_said_without_it(string text, string? wrong)
    {
        string? error = OAuthKey.Read(text, out var key);
        if (wrong is null) Assert.Equal("north", Assert.IsType<OAuthKey>(key).ToString());
        else Assert.Contains(wrong, error, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", error ?? "", StringComparison.Ordinal);
    }

    private TurnRefusal.TokenNotAccepted Fault => Assert.IsType<TurnRefusal.TokenNotAccepted>(_table.LastRefusal);

    private TokenHolder Holder(string kid, byte[] token, byte[]? macKey = null, ushort port = 5000)
        => new(_table, _table.Client(user: kid, port: port), token, macKey ?? MacKey);

    private static byte[] Token(string kid, byte[]? macKey = null, int lifetime = 3600, int issued = 0) => AccessToken.Seal(
        macKey ?? MacKey, Noon.AddSeconds(issued), TimeSpan.FromSeconds(lifetime), kid is "union" ? ShortKey : Key, Encoding.UTF8.GetBytes(ServerName), new byte[12]);

    private static OAuthKey Made(string kid, byte[] key, DateTimeOffset? expiresAt = null)
        => OAuthKey.TryCreate(kid, key, expiresAt, out var made) ? made! : throw new InvalidOperationException();

    /// <summary>A client that signs with the key in its token.</summary>
    private sealed class TokenHolder(TurnTable table, TurnClient client, byte[] token, byte[] macKey)
    {
        private bool _showsToken = true;

        public TurnClient Client => client;

        public TokenHolder Without()
        {
            _showsToken = false;
            return this;
        }

        public Reply Allocate() => Ask(StunMethod.Allocate, (ref StunWriter writer) => writer.Add(StunAttributeType.RequestedTransport, 17u << 24));

        public Reply Ask(StunMethod method, Fill? fill = null)
        {
            if (client.Nonce.Length == 0)
            {
                var unsigned = client.AskOnce(method, fill)!;
                Assert.Equal(401, unsigned.Code);
                client.Learn(unsigned);
            }

            var writer = new StunWriter(new byte[1500], method, StunClass.Request, TransactionId.Next(RandomNumberGenerator.Create()));
            fill?.Invoke(ref writer);
            writer.Add(StunAttributeType.Username, Encoding.UTF8.GetBytes(client.User));
            writer.Add(StunAttributeType.Realm, "thaw"u8);
            writer.Add(StunAttributeType.Nonce, client.Nonce);
            if (client.Offer is { } offer)
            {
                writer.Add(StunAttributeType.PasswordAlgorithms, offer);
                writer.Add(StunAttributeType.PasswordAlgorithm, (uint)client.Algorithm! << 16);
            }

            if (_showsToken) writer.Add(StunAttributeType.AccessToken, token);
            if (client.Algorithm is null) writer.AddIntegrity(macKey);
            else writer.AddIntegritySha256(macKey);
            return new Reply(table.Put(client.Address, client.Server, writer.Finish())!.Bytes);
        }
    }
}
