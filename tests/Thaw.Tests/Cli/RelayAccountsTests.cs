using Thaw.Cli;
using Thaw.Cli.Verbs;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Xunit;

namespace Thaw.Tests.Cli;

public sealed class RelayAccountsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("relay --user SECRETWORD")]
    [InlineData("relay --user :SECRETWORD")]
    [InlineData("relay --oauth-key SECRETWORD")]
    [InlineData("relay --oauth-key kid:SECRETWORD")]
    public void A_usage_error_does_not_repeat_what_may_be_secret(string line)
    {
        var errors = CommandTree.Root().Parse(line).Errors;
        Assert.NotEmpty(errors);
        Assert.DoesNotContain(errors, error => error.Message.Contains("SECRETWORD", StringComparison.Ordinal));
    }

    [Fact]
    public void A_users_file_may_have_any_password_and_remarks()
    {
        File.WriteAllText(_file, "# remark\n\nalice:a, b:c  d\r\nbob:#1\n");
        TurnUser[] users = [.. Read($"relay --user carol:x --user dave:y --user-file {_file}").Users];
        Assert.Equal([("carol", "x"), ("dave", "y"), ("alice", "a, b:c  d"), ("bob", "#1")], users.Select(user => (user.Name, user.Password)));
    }

    [Theory]
    [InlineData("--user-file", "alice:x\nSECRETWORD\n", "line 2: a user is NAME:PASSWORD")]
    [InlineData("--user-file", "# nobody\n", "has nothing in it")]
    [InlineData("--oauth-key-file", "kid:SECRETWORD\n", "line 1: the part after the first colon is no base64")]
    [InlineData("--auth-secret-file", "\n \n", "has nothing in it")]
    public void What_is_wrong_with_a_file_is_said_by_its_line_and_not_by_what_is_in_it(string option, string text, string words)
    {
        File.WriteAllText(_file, text);
        var refused = Assert.Throws<RelayHostException>(() => Read($"relay {option} {_file}"));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Contains(_file, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRETWORD", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_and_keys_come_from_their_options()
    {
        var options = Read("relay --max-rate 50000 --total-rate 1000000 --max-lifetime 1200 --oauth-key kid:AAAAAAAAAAAAAAAAAAAAAA== --oauth-server-name relay.example --auth-secret #1");
        Assert.Equal((50_000, 1_000_000, 1200), (options.MaxRate, options.TotalRate, options.MaxLifetime.TotalSeconds));
        Assert.Equal(("kid", "relay.example", "#1"), (options.OAuthKeys.Single().Kid, options.OAuthServerName, options.SharedSecrets.Single()));
        Assert.Equal((0, 0), (Read("relay").MaxRate, Read("relay").TotalRate));
    }

    private static TurnServerOptions Read(string line)
    {
        var parsed = CommandTree.Root().Parse(line);
        Assert.Empty(parsed.Errors);
        return RelayAccounts.Into(new TurnServerOptions(), parsed);
    }
}
