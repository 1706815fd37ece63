using System.CommandLine;
using Thaw.Cli;
using Thaw.Cli.Verbs;
using Thaw.Protocol.Peer;
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
    [InlineData("serve --budget handshake=3", "candidates")] // the stages that there are
    [InlineData("serve --budget checks=0", "--budget")]
    [InlineData("serve --budget checks=-1", "--budget")]
    [InlineData("serve --budget checks=301", "--budget")]
    [InlineData("serve --budget checks", "--budget")]
    [InlineData("serve --budget checks=NaN", "--budget")]
    [InlineData("serve --relay maybe", "--relay takes on or off")]
    [InlineData("serve --relay-port 65536", "--relay-port")]
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
    [InlineData("serve --budget candidates=2.5,dtls=10 --budget whole=20")]
    [InlineData("serve --allowed-origins *")]
    public void A_right_line_is_taken(string line) => Assert.Empty(new RootCommand { Serve.Command() }.Parse(line).Errors);

    [Theory]
    [InlineData("serve", 0)]
    [InlineData("serve --tcp-port 443", 443)]
    [InlineData("serve --tcp-port off", null)]
    public void The_TCP_port_is_the_UDP_ports_number_or_what_was_said(string line, int? port)
        => Assert.Equal(port, Serve.OptionsFrom(new RootCommand { Serve.Command() }.Parse(line)).TcpPort);

    [Theory]
    [InlineData("serve", 3478)]
    [InlineData("serve --relay-port 443", 443)]
    [InlineData("serve --relay off", null)]
    public void There_is_a_relay_unless_it_is_off(string line, int? port)
        => Assert.Equal(port, Serve.OptionsFrom(new RootCommand { Serve.Command() }.Parse(line)).Relay?.Port);

    [Fact]
    public void A_budget_names_every_stage_and_what_it_does_not_name_keeps_its_default()
    {
        string all = string.Join(',', "signalling candidates checks path dtls sctp whole media agent recovery".Split(' ').Select((stage, i) => $"{stage}={i + 1}.5"));
        var (ok, budget) = BudgetOption.Parse(all);

        Assert.True(ok);
        double[] seconds = [.. new[] { budget.Signalling, budget.Candidates, budget.Checks, budget.Path, budget.Dtls, budget.Sctp, budget.Whole, budget.FirstMedia, budget.AgentReady, budget.Recovery }.Select(t => t.TotalSeconds)];
        Assert.Equal(Enumerable.Range(1, 10).Select(i => i + 0.5), seconds);
        Assert.Equal(seconds.Length, typeof(ConnectBudget).GetProperties().Length); // a new stage needs a name here
        Assert.Equal(new ConnectBudget { Checks = TimeSpan.FromSeconds(4) }, BudgetOption.Parse("checks=4").Value);
    }
}
