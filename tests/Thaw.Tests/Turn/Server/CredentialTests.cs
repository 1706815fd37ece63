using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Tests.Stun;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

public sealed class CredentialTests
{
    private const string Secret = "north";

    private static readonly TurnServerOptions Shared = Served with { Users = [], SharedSecrets = ["old", Secret] };

    private readonly TurnTable _table = new();
    private readonly TurnTable _shared = new(Shared);

    [Fact]
    public void A_wrong_password_is_refused_with_401()
    {
        Assert.Equal(401, _table.Client(password: "Secret").Allocate().Code);
        Assert.Equal(new TurnRefusal.WrongPassword("alice", IsTheSecret: false), _table.LastRefusal);
    }

    [Fact]
    public void An_unknown_user_hears_the_same_as_one_with_a_wrong_password()
    {
        byte[] unknown = _table.Client(port: 1, user: "alicf").Allocate().Bytes;
        Assert.Equal(new TurnRefusal.UnknownUser("alicf"), _table.LastRefusal);

        Assert.Equal(_table.Client(port: 1, password: "wrong").Allocate().Bytes.Length, unknown.Length);
    }

    [Fact]
    public void Another_realm_is_refused_and_named()
    {
        var client = _table.Client();
        client.Realm = "north.gov";

        Assert.Equal(401, client.Allocate().Code);
        Assert.Equal(new TurnRefusal.WrongRealm("north.gov"), _table.LastRefusal);
    }

    [Fact]
    public void A_credential_of_the_shared_secret_works_until_its_time()
    {
        Assert.True(Minted(_shared, Noon.AddSeconds(60).ToUnixTimeSeconds() + ":carol").Allocate().Succeeded);
        _shared.Pass(61);

        Assert.Equal(401, Minted(_shared, Noon.AddSeconds(60).ToUnixTimeSeconds() + ":carol", port: 2).Allocate().Code);
        Assert.Equal(new TurnRefusal.CredentialExpired($"{Noon.AddSeconds(60).ToUnixTimeSeconds()}:carol", TimeSpan.FromSeconds(1)), _shared.LastRefusal);
    }

    [Fact]
    public void A_credential_may_run_out_while_its_allocation_goes_on()
    {
        var client = Minted(_shared, Noon.AddSeconds(60).ToUnixTimeSeconds() + ":carol");
        client.Allocate();
        _shared.Pass(300);

        Assert.Equal(600u, client.Refresh().Lifetime);
    }

    [Fact]
    public void Several_secrets_count_so_that_one_can_follow_another()
    {
        Assert.True(Minted(_shared, "1999999999:a", "old", port: 1).Allocate().Succeeded);
        Assert.True(Minted(_shared, "1999999999:a", Secret, port: 2).Allocate().Succeeded);
        Assert.Equal(401, Minted(_shared, "1999999999:a", "older", port: 3).Allocate().Code);
        Assert.Equal(new TurnRefusal.WrongPassword("1999999999:a", IsTheSecret: false, ExpiryOddity.FarAhead), _shared.LastRefusal);
    }

    [Fact]
    public void A_name_with_its_expiry_last_is_understood_and_told()
    {
        Assert.True(Minted(_shared, "carol:1999999999").Allocate().Succeeded);
        Assert.Equal("carol:1999999999", _shared.Of<Observation.CredentialReversed>().Single().User);

        Assert.Equal(401, Minted(_shared, "carol:1700000000", port: 2).Allocate().Code);
        Assert.IsType<TurnRefusal.CredentialExpired>(_shared.LastRefusal);
    }

    [Fact]
    public void A_name_without_expiry_and_the_secret_as_a_password_are_told_apart()
    {
        Assert.Equal(401, Minted(_shared, "carol").Allocate().Code);
        Assert.Equal(new TurnRefusal.CredentialWithoutExpiry("carol"), _shared.LastRefusal);

        Assert.Equal(401, _shared.Client(port: 2, user: "carol", password: Secret).Allocate().Code);
        Assert.Equal(new TurnRefusal.WrongPassword("carol", IsTheSecret: true), _shared.LastRefusal);
    }

    [Fact]
    public void A_quota_counts_the_user_and_not_the_expiry()
    {
        var table = new TurnTable(Shared with { UserQuota = 1 });
        Assert.True(Minted(table, "1999999999:carol", port: 1).Allocate().Succeeded);
        Assert.Equal(486, Minted(table, "1999999998:carol", port: 2).Allocate().Code);
        Assert.True(Minted(table, "1999999998:dave", port: 3).Allocate().Succeeded);
    }

    [Fact]
    public void A_nonce_is_for_one_address_and_goes_stale()
    {
        var client = _table.Client();
        client.Allocate();
        var moved = _table.Client(port: 5001);
        moved.Nonce = client.Nonce;
        Assert.Equal(438, moved.AskOnce(StunMethod.Allocate)!.Code);
        Assert.Equal(new TurnRefusal.NonceNotAccepted(NonceFault.Foreign, TimeSpan.Zero), _table.LastRefusal);

        for (int i = 0; i < 8; i++)
        {
            _table.Pass(450);
            Assert.Equal(600u, client.Refresh().Lifetime);
        }

        _table.Pass(450);
        Assert.Equal(438, client.AskOnce(StunMethod.Refresh)!.Code);
        Assert.Equal(NonceFault.Stale, Assert.IsType<TurnRefusal.NonceNotAccepted>(_table.LastRefusal).Fault);
        Assert.True(client.Refresh().Succeeded);
    }

    [Fact]
    public void Servers_that_share_a_key_take_each_others_nonces()
    {
        var options = Served with { NonceKey = new byte[32] };
        TurnTable one = new(options, seed: 1), two = new(options, seed: 2), stranger = new(seed: 3);
        var client = one.Client();
        client.Allocate();

        Assert.Equal(437, With(two).AskOnce(StunMethod.Refresh)!.Code);
        Assert.Equal(438, With(stranger).AskOnce(StunMethod.Refresh)!.Code);

        TurnClient With(TurnTable table)
        {
            var same = table.Client();
            same.Nonce = client.Nonce;
            return same;
        }
    }

    [Fact]
    public void The_nonce_announces_what_RFC_8489_brought()
    {
        string Cookie(TurnTable table) => Encoding.ASCII.GetString(table.Client(port: 77).AskOnce(StunMethod.Allocate)!.Value(StunAttributeType.Nonce))[..13];

        Assert.Equal("obMatJos2AAAD", Cookie(_table)); // both bits of RFC 8489 §18.1
        Assert.Equal("obMatJos2AAAB", Cookie(_shared)); // a hashed name is no use to a shared secret
        Assert.Equal("obMatJos2AAAA", Cookie(new TurnTable(Served with { OffersSha256 = false })));
    }

    [Theory]
    [InlineData(PasswordAlgorithm.Sha256, false)]
    [InlineData(PasswordAlgorithm.Sha256, true)]
    [InlineData(PasswordAlgorithm.Md5, true)]
    public void SHA_256_and_hidden_names_work_and_are_answered_in_kind(PasswordAlgorithm algorithm, bool hidesName)
    {
        var client = _table.Client();
        (client.Algorithm, client.HidesName) = (algorithm, hidesName);

        var reply = client.Allocate();

        Assert.True(reply.Succeeded);
        Assert.Equal(StunSeal.Valid, reply.Message.CheckIntegrity(client.Key));
        Assert.True(reply.Message.Has(StunAttributeType.MessageIntegritySha256));
        Assert.True(client.Permit(At("203.0.113.5")).Succeeded);
        Assert.True(client.Refresh().Succeeded);
    }

    [Fact]
    public void SHA_256_works_with_a_shared_secret()
    {
        var client = Minted(_shared, "1999999999:carol");
        client.Algorithm = PasswordAlgorithm.Sha256;
        Assert.True(client.Allocate().Succeeded);
    }

    [Fact]
    public void A_hidden_name_that_fits_nobody_is_refused()
    {
        var client = _table.Client(user: "mallory");
        client.HidesName = true;
        Assert.Equal(401, client.Allocate().Code);
        Assert.IsType<TurnRefusal.UnknownUserhash>(_table.LastRefusal);
    }

    [Theory]
    [InlineData("0001000000020000")] // the order turned
    [InlineData("00010000")]         // the better one taken out
    [InlineData("")]
    public void A_list_of_algorithms_that_was_changed_on_the_way_is_400(string offer)
    {
        var client = _table.Client();
        (client.Algorithm, client.Offer) = (PasswordAlgorithm.Md5, Convert.FromHexString(offer));
        Assert.Equal(400, client.Allocate().Code);
        Assert.IsType<TurnRefusal.BidDown>(_table.LastRefusal);
    }

    [Fact]
    public void An_algorithm_without_the_list_is_400()
    {
        var client = _table.Client();
        client.Learn(client.AskOnce(StunMethod.Allocate)!);
        client.Algorithm = PasswordAlgorithm.Sha256;
        Assert.Equal(400, client.AskOnce(StunMethod.Allocate)!.Code);
        Assert.IsType<TurnRefusal.BidDown>(_table.LastRefusal);
    }

    [Fact]
    public void Another_users_credentials_on_an_allocation_are_441()
    {
        var client = _table.Client();
        client.Allocate();
        (client.User, client.Password) = ("bob", "hunter2");

        Assert.Equal(441, client.Refresh(0).Code);
        Assert.Equal(new TurnRefusal.OthersAllocation("bob"), _table.LastRefusal);
        Assert.Equal(1, _table.Server.AllocationCount);
    }

    [Theory]
    [InlineData(StunAttributeType.Username)]
    [InlineData(StunAttributeType.Realm)]
    [InlineData(StunAttributeType.Nonce)]
    public void A_signed_request_without_name_realm_or_nonce_is_400(StunAttributeType missing)
    {
        var writer = new StunWriter(new byte[512], StunMethod.Allocate, StunClass.Request, new TransactionId(1, 1));
        foreach (var type in new[] { StunAttributeType.Username, StunAttributeType.Realm, StunAttributeType.Nonce })
            if (type != missing) writer.Add(type, "thaw"u8);
        writer.AddIntegrity("key"u8);

        Assert.Equal(400, new Reply(_table.Client().Put(writer.Finish())!.Bytes).Code);
        Assert.Equal(new TurnRefusal.BadAttribute(missing), _table.LastRefusal);
    }

    [Fact]
    public void The_vectors_of_both_RFCs_are_read_as_their_authors_meant_them()
    {
        // RFC 5769 §2.4 is a Binding request with credentials: it needs none, and they do no harm.
        Assert.True(new Reply(_table.Client().Put(StunSamples.LongTermRequest)!.Bytes).Succeeded);

        // RFC 8489 B.1 made an Allocate: all there, but the nonce is another server's.
        byte[] allocate = [.. StunSamples.Sha256Request];
        allocate[1] = (byte)StunMethod.Allocate;
        Assert.Equal(438, new Reply(_table.Client().Put(allocate)!.Bytes).Code);
    }

    internal static TurnClient Minted(TurnTable table, string name, string secret = Secret, ushort port = 1)
    {
#pragma warning disable CA5350 // The convention of TURN's REST API.
        byte[] mac = HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(name));
#pragma warning restore CA5350
        return table.Client(port: port, user: name, password: Convert.ToBase64String(mac));
    }
}
