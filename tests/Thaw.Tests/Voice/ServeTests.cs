using System.CommandLine;
using Thaw.Cli.Verbs;
using Xunit;

namespace Thaw.Tests.Voice;

public sealed class ServeTests
{
    [Theory]
    [InlineData("serve --port 70000", "--port")]
    [InlineData("serve --udp-port x", "x")]
    [InlineData("serve --tcp-port no", "--tcp-port takes 1 to 65535 or off")]
    [InlineData("serve --tcp-port 0", "--tcp-port")]
    [InlineData("serve --agent parrot", "parrot")]
    [InlineData("serve --host nowhere.example", "nowhere.example")]
    [InlineData("serve --max-sessions 0", "--max-sessions")]
    [InlineData("serve --allowed-origins nowhere", "nowhere")]
    [InlineData("serve --unknown", "--unknown")]
    public void A_wrong_argument_is_named(string line, string named)
    {
        var parsed = new RootCommand { Serve.Command() }.Parse(line);

        Assert.Contains(parsed.Errors, e => e.Message.Contains(named, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("serve --port 0 --udp-port 0 --host 0.0.0.0 --agent tone --max-sessions 5 --allowed-origins https://a.example https://b.example --json")]
    [InlineData("serve --tcp-port off")]
    [InlineData("serve --tcp-port 443")]
    [InlineData("serve --host ::1")]
    [InlineData("serve --allowed-origins *")]
    public void A_right_line_is_taken(string line) => Assert.Empty(new RootCommand { Serve.Command() }.Parse(line).Errors);
}
