using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>Every refusal has an id that dashboards and guides may name.</summary>
public sealed class CauseTests
{
    [Fact]
    public void Ids_do_not_change()
    {
        string[] ids = [.. TurnCauses.All.Select(cause => $"{cause.Id} {cause.Name}")];

        Assert.Equal(
        [
            "turn.challenge challenge",
            "turn-bad-credentials wrong-password",
            "turn-bad-credentials unknown-user",
            "turn-bad-credentials unknown-userhash",
            "turn-expired-credentials expired-credential",
            "turn-bad-credentials credential-without-expiry",
            "turn-bad-credentials wrong-realm",
            "turn.stale-nonce stale-nonce",
            "turn-nonce-loop foreign-nonce",
            "turn.bid-down bid-down",
            "turn-bad-credentials token-malformed",
            "turn-bad-credentials token-key-unknown",
            "turn-bad-credentials token-key-expired",
            "turn-bad-credentials token-not-ours",
            "turn-expired-credentials token-expired",
            "turn-expired-credentials token-from-the-future",
            "turn-bad-credentials token-wrong-key",
            "turn-bad-credentials token-missing",
            "turn.others-allocation others-allocation",
            "turn.no-allocation no-allocation",
            "turn.allocation-exists allocation-exists",
            "turn-peer-forbidden peer-denied",
            "turn.peer-family-mismatch peer-family-mismatch",
            "turn.family-not-served family-not-served",
            "turn.transport-not-served transport-not-served",
            "turn-quota-or-capacity user-quota",
            "turn-quota-or-capacity total-quota",
            "turn-quota-or-capacity ports-exhausted",
            "turn.no-such-reservation no-such-reservation",
            "turn-quota-or-capacity too-many-peers",
            "turn.channel-in-use channel-in-use",
            "turn.draining draining",
            "turn.not-over-this-transport not-over-this-transport",
            "turn.connection-exists connection-exists",
            "turn.connection-failed connection-failed",
            "turn-quota-or-capacity too-many-connections",
            "turn.no-such-connection no-such-connection",
            "turn.mobility-off mobility-off",
            "turn.unknown-attributes unknown-attributes",
            "turn.bad-attribute bad-attribute",
            "turn.unknown-method unknown-method",
        ], ids);
    }

    [Fact]
    public void Every_kind_of_refusal_has_one()
    {
        foreach (var type in typeof(TurnRefusal).GetNestedTypes())
        {
            var parameters = type.GetConstructors().Single(constructor => constructor.GetParameters() is not [var only] || only.ParameterType != type).GetParameters();
            object?[] values = [.. parameters.Select(parameter => parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null)];
            var refusal = (TurnRefusal)Activator.CreateInstance(type, values)!;
            Assert.Matches("^turn[.-][a-z-]+$", refusal.CauseId);
        }
    }

    [Fact]
    public void Refusals_are_counted_by_kind()
    {
        var table = new TurnTable(Served with { UserQuota = 1 });
        table.Client(port: 1, password: "wrong").Allocate();
        table.Client(port: 2).Allocate();
        var second = table.Client(port: 3);
        second.Allocate();
        table.Client(port: 2).Ask(StunMethod.CreatePermission, (ref StunWriter writer) => writer.AddXorAddress(StunAttributeType.XorPeerAddress, At("10.0.0.1")));
        second.Refresh();

        var counters = table.Server.Counters;
        Assert.Equal(4, counters.Refused(TurnCause.Challenge));
        foreach (var cause in new[] { TurnCause.WrongPassword, TurnCause.UserQuota, TurnCause.PeerDenied, TurnCause.NoAllocation }) Assert.Equal(1, counters.Refused(cause));
        Assert.Equal(counters.Refusals, TurnCauses.All.Sum(counters.Refused));
    }

    [Fact]
    public void A_401_says_whether_time_is_the_matter_and_by_how_much()
    {
        long now = Noon.ToUnixTimeSeconds();
        Assert.Equal(new TurnRefusal.CredentialExpired($"{now - 10_800}:u", TimeSpan.FromHours(3)), Refusal($"{now - 10_800}:u"));
        Assert.False(((TurnRefusal.CredentialExpired)Refusal($"{now - 10_800}:u")!).MayBeClocks);
        Assert.True(((TurnRefusal.CredentialExpired)Refusal($"{now - 59}:u")!).MayBeClocks);
        Assert.Equal(ExpiryOddity.Milliseconds, ((TurnRefusal.WrongPassword)Refusal($"{now * 1000}:u", "other")!).Expiry);
        Assert.Equal(ExpiryOddity.FarAhead, ((TurnRefusal.WrongPassword)Refusal($"{now + 40_000_000}:u", "other")!).Expiry);
        Assert.Equal(ExpiryOddity.None, ((TurnRefusal.WrongPassword)Refusal($"{now + 86_400}:u", "other")!).Expiry);

        static TurnRefusal? Refusal(string name, string secret = "north")
        {
            var table = Minting();
            Assert.Equal(401, CredentialTests.Minted(table, name, secret).Allocate().Code);
            return table.LastRefusal;
        }
    }

    [Fact]
    public void A_credential_that_will_never_expire_works_and_is_told_of()
    {
        long now = Noon.ToUnixTimeSeconds();
        foreach (var (name, oddity) in new[] { ($"{now * 1000}:u", ExpiryOddity.Milliseconds), ($"{now + 40_000_000}:u", ExpiryOddity.FarAhead) })
        {
            var table = Minting();
            Assert.True(CredentialTests.Minted(table, name).Allocate().Succeeded);
            Assert.Equal((name, oddity), (table.Of<Observation.CredentialLastsTooLong>().Single().User, table.Of<Observation.CredentialLastsTooLong>().Single().Oddity));
        }

        var sane = Minting();
        CredentialTests.Minted(sane, $"{now + 86_400}:u").Allocate();
        Assert.Empty(sane.Of<Observation.CredentialLastsTooLong>());
    }

    private static TurnTable Minting() => new(Served with { Users = [], SharedSecrets = ["north"] });
}
