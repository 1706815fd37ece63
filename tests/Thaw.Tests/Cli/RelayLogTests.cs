using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Thaw.Cli;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Tests.Turn.Server;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Cli;

public sealed class RelayLogTests : IDisposable
{
    private static readonly FiveTuple FiveTuple = new(At("192.0.2.7", 5000), At("198.51.100.1", 3478));

    private readonly StringWriter _text = new();
    private readonly FakeTimeProvider _time = new(Noon);

    public void Dispose() => _text.Dispose();

    [Fact]
    public void Every_refusal_worth_a_line_is_one_JSON_object_with_cause_code_method_and_user()
    {
        Json().Write(Refused(401, new TurnRefusal.CredentialExpired("1:bob", TimeSpan.FromHours(3))));

        var line = JsonDocument.Parse(Lines.Single()).RootElement;
        Assert.Equal("2026-11-24T12:00:00Z", line.GetProperty("time").GetString());
        Assert.Equal(("refused", "turn-expired-credentials", "expired-credential"), (Of("event"), Of("cause"), Of("kind")));
        Assert.Equal((401, "Allocate", "1:bob"), (line.GetProperty("code").GetInt32(), Of("method"), Of("user")));
        Assert.Contains("expired 3 h ago", Of("text"), StringComparison.Ordinal);

        string? Of(string name) => line.GetProperty(name).GetString();
    }

    [Fact]
    public void A_403_names_the_rule_always_and_peer_and_client_only_where_asked_for()
    {
        var denied = Refused(403, new TurnRefusal.PeerDenied("alice", At("10.0.0.1", 9), PeerPolicy.Public.JudgeAddress(At("10.0.0.1"))!));
        Json().Write(denied);
        Json(isVerbose: true).Write(denied);
        Words().Write(denied);

        Assert.Equal("10.0.0.0/8 (private, RFC 1918)", JsonDocument.Parse(Lines[0]).RootElement.GetProperty("rule").GetString());
        Assert.DoesNotContain("10.0.0.1", Lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.7", Lines[0], StringComparison.Ordinal);
        Assert.Equal("10.0.0.1:9", JsonDocument.Parse(Lines[1]).RootElement.GetProperty("peer").GetString());
        Assert.Equal("192.0.2.7:5000", JsonDocument.Parse(Lines[1]).RootElement.GetProperty("client").GetString());
        Assert.Contains("--allow-peer 10.0.0.0/8", Lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("10.0.0.1", Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void GHSA_4g7c_hostile_names_end_no_line_and_open_no_object()
    {
        var table = new TurnTable();
        table.Client(user: "a\r\n\u001b[2J\",\"cause\":\"x\u2028", password: "p").Allocate();
        table.Client(port: 2).Realm = "\n{\"event\":\"fake\"}";
        var realm = table.Client(port: 3);
        realm.Realm = "\n{\"event\":\"fake\"}";
        realm.Allocate();
        foreach (var log in new[] { Json(), Words() })
            foreach (var fact in table.Facts) log.Write(fact);

        Assert.Equal(4, Lines.Length);
        Assert.All(_text.ToString().Where(c => c is not '\n'), c => Assert.InRange(c, ' ', '~'));
        foreach (string line in Lines[..2])
        {
            var parsed = JsonDocument.Parse(line).RootElement;
            Assert.Equal("refused", parsed.GetProperty("event").GetString());
            Assert.Equal("turn-bad-credentials", parsed.GetProperty("cause").GetString());
        }
    }

    [Fact]
    public void No_password_secret_or_key_is_in_any_line_or_in_what_options_say_of_themselves()
    {
        byte[] key = Encoding.UTF8.GetBytes("PLAINKEYPLAINKEY");
        OAuthKey.TryCreate("kid", key, null, out var oauth);
        var options = Served with { Users = [new TurnUser("alice", "PLAINPASSWORD")], SharedSecrets = ["PLAINSECRET"], OAuthKeys = [oauth!] };
        var table = new TurnTable(options);
        table.Client(port: 1, password: "PLAINPASSWORD").Allocate();
        table.Client(port: 2, password: "PLAINWRONG").Allocate();
        table.Client(port: 3, user: "1999999999:x", password: "PLAINSECRET").Allocate();
        table.Client(port: 4, user: "kid", password: "PLAINKEYPLAINKEY").Allocate();
        CredentialTests.Minted(table, "1000000001:x", "PLAINSECRET", port: 5).Allocate();
        foreach (var log in new[] { Json(isVerbose: true), Words(isVerbose: true) })
            foreach (var fact in table.Facts) log.Write(fact);

        string all = $"{_text}{options}{options.Users[0]}{oauth}{string.Join('\n', table.Facts)}";
        Assert.True(Lines.Length >= 8);
        Assert.DoesNotContain("PLAIN", all, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(key), all, StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_knocks_there_are_twenty_lines_a_second_and_then_a_count()
    {
        var log = Json();
        for (int i = 0; i < 100; i++) log.Write(Refused(401, new TurnRefusal.UnknownUser($"u{i}")));
        for (int i = 0; i < 5; i++) log.Write(Refused(401, new TurnRefusal.UnknownUser("u1")));
        log.Say("reloaded", "1 users");
        Assert.Equal(21, Lines.Length);

        _time.Advance(TimeSpan.FromSeconds(1));
        log.Write(Refused(401, new TurnRefusal.UnknownUser("late")));
        Assert.Equal(85, JsonDocument.Parse(Lines[21]).RootElement.GetProperty("count").GetInt32());
    }

    [Fact]
    public void How_every_session_begins_and_what_every_hour_brings_is_no_line()
    {
        var log = Words();
        log.Write(Refused(401, new TurnRefusal.Challenge()));
        log.Write(Refused(438, new TurnRefusal.NonceNotAccepted(NonceFault.Stale, TimeSpan.FromHours(1))));
        Assert.Empty(Lines);
    }

    [Theory]
    [MemberData(nameof(Said))]
    public void Each_refusal_has_its_words(TurnRefusal refusal, string words)
    {
        Words().Write(Refused(401, refusal));
        Assert.Contains(words, Lines.Single(), StringComparison.Ordinal);
    }

    public static TheoryData<TurnRefusal, string> Said => new()
    {
        { new TurnRefusal.WrongPassword("a", false), "wrong password" },
        { new TurnRefusal.WrongPassword("a", false, ExpiryOddity.Milliseconds), "in milliseconds" },
        { new TurnRefusal.UnknownUser("a"), "no user a" },
        { new TurnRefusal.CredentialExpired("a", TimeSpan.FromSeconds(20)), "the clocks of the two machines differ" },
        { new TurnRefusal.CredentialExpired("a", TimeSpan.FromDays(3)), "expired 3 days ago" },
        { new TurnRefusal.WrongRealm("north"), "realm is north" },
        { new TurnRefusal.NonceNotAccepted(NonceFault.Foreign, default), "another client address" },
        { new TurnRefusal.NoAllocation(), "ran out, or the client's address changed" },
        { new TurnRefusal.AllocationExists(), "has an allocation already" },
        { new TurnRefusal.TransportNotServed(6), "protocol 6" },
        { new TurnRefusal.FamilyNotServed(true), "IPv6 is not relayed" },
        { new TurnRefusal.UserQuota("a", 3), "--user-quota" },
        { new TurnRefusal.TotalQuota(3), "--total-quota" },
        { new TurnRefusal.PortsExhausted(), "--relay-range" },
        { new TurnRefusal.TooManyPeers(128), "at most 128 peers" },
        { new TurnRefusal.Draining(null), "going down" },
        { new TurnRefusal.TokenNotAccepted("k", TokenFault.Expired, TimeSpan.FromMinutes(10)), "expired 10 min ago" },
        { new TurnRefusal.TokenNotAccepted("k", TokenFault.FromTheFuture, TimeSpan.FromMinutes(10)), "10 min ahead" },
        { new TurnRefusal.TokenNotAccepted("k", TokenFault.NotOurs), "--oauth-server-name" },
    };

    private string[] Lines => _text.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    private static Observation.TurnRequestRefused Refused(int code, TurnRefusal refusal) => new(FiveTuple, StunMethod.Allocate, code, refusal);

    private RelayLog Json(bool isVerbose = false) => new(_text, isVerbose, isJson: true, _time);

    private RelayLog Words(bool isVerbose = false) => new(_text, isVerbose, isJson: false, _time);
}
