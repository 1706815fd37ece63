using System.CommandLine;
using System.Net;
using Thaw.Cli.Verbs;
using Thaw.Net.Addresses;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Xunit;

namespace Thaw.Tests.Cli;

/// <summary>What <c>thaw serve</c> and <c>thaw ports</c> say about addresses: words and commands that can be pasted.</summary>
public sealed class SelfCheckTests
{
    private static readonly InterfaceAddress Pair = new("eth0", IPAddress.Parse("172.17.0.2"), true, IsVirtualPair: true);
    private static readonly InterfaceAddress Lan = new("eth0", IPAddress.Parse("10.0.0.5"), true);

    [Fact]
    public void A_bridged_container_is_told_the_docker_line_that_works()
    {
        var check = Check("serve --agent tone --host 127.0.0.1", new() { Container = ContainerKind.Docker, Addresses = [Pair] });

        Assert.True(check.IsHopeless);
        Assert.Equal("container-network", check.Warnings[0].Code);
        Assert.Contains(
            "docker run -p 7860:7860/tcp -p 7860:7860/udp IMAGE serve --agent tone --host 0.0.0.0 --public-ip ADDRESS", check.Warnings[0].Commands);
        Assert.Equal(("http-inside-container", "thaw serve --agent tone --host 0.0.0.0"), (check.Warnings[1].Code, check.Warnings[1].Commands[0]));
    }

    [Fact]
    public void What_a_shell_would_read_otherwise_is_quoted()
        => Assert.Equal("docker run --network host IMAGE serve --exclude-interface 'wg*'", Remedies("serve --exclude-interface wg*").DockerRunOnHost());

    [Fact]
    public void A_pod_is_told_what_its_manifest_lacks()
    {
        var check = Check("serve --host 0.0.0.0", new() { Container = ContainerKind.Kubernetes, Addresses = [Pair] });
        Assert.Contains(Assert.Single(check.Warnings).Commands, line => line.Contains("hostPort: 7860", StringComparison.Ordinal));
    }

    [Fact]
    public void A_cloud_machine_is_told_to_announce_and_to_open_its_security_group()
    {
        var check = Check("serve --host 0.0.0.0", new() { Cloud = CloudProvider.Aws, Addresses = [Lan] });

        Assert.Equal(
            ["thaw serve --host 0.0.0.0 --public-ip ADDRESS/10.0.0.5",
             "aws ec2 authorize-security-group-ingress --group-id SECURITY_GROUP --protocol udp --port 7860 --cidr 0.0.0.0/0",
             "aws ec2 authorize-security-group-ingress --group-id SECURITY_GROUP --protocol tcp --port 7860 --cidr 0.0.0.0/0"],
            Assert.Single(check.Warnings).Commands);
    }

    [Fact]
    public void A_laptop_gets_one_note()
    {
        var check = Check("serve", new() { Addresses = [Lan] });

        Assert.False(check.IsHopeless);
        Assert.Equal(["  Clients are told 10.0.0.5:7860 by udp (private).", "    thaw serve --public-ip ADDRESS"], [check.Lines().First(), check.Lines().Last()]);
    }

    [Fact]
    public void What_is_announced_is_listed_with_who_reaches_it()
    {
        Candidate[] candidates =
        [
            Host("203.0.113.7", "10.0.0.5"), Host("10.0.0.5", "10.0.0.5"), new(CandidateType.Host, At("203.0.113.7").Over(TransportProtocol.Tcp), At("10.0.0.5").Over(TransportProtocol.Tcp), 1, "t"), Host("127.0.0.1", "127.0.0.1"),
            new(CandidateType.Relayed, At("203.0.113.99"), At("203.0.113.99"), 1, "r"),
        ];
        var check = SelfCheck.Of(new() { Addresses = [Lan] }, candidates, [], [], Remedies("serve"));

        Assert.Equal(
            "  Clients are told 203.0.113.7:7860 by udp+tcp (public), 10.0.0.5:7860 by udp (private), 203.0.113.99:7860 by udp (relay, public).", Assert.Single(check.Lines()));
        Assert.Equal([true, false, true, false], check.Announced.Select(a => a.Mapped));
        Assert.Empty(check.Warnings);
    }

    [Fact]
    public void Every_problem_has_words()
    {
        foreach (var problem in Enum.GetValues<ReachabilityProblem>())
        {
            var line = Remedies("serve").Explain(new ReachabilityFinding(problem, true, "10.0.0.5"), new() { Cloud = CloudProvider.Azure });
            Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", line.Code);
            Assert.True(line.Text.Length > 20);
            AssertTaken(line.Commands);
        }
    }

    [Theory]
    [InlineData("ports")]
    [InlineData("ports --udp-port 3478 --host 0.0.0.0 --public-ip 203.0.113.7/10.0.0.5 --public-ip voice.example.org --json")]
    [InlineData("ports --interface eth* --exclude-interface wg0 tun* --strict")]
    public void The_ports_verb_takes_what_serve_takes(string line) => Assert.Empty(Root().Parse(line).Errors);

    [Theory]
    [InlineData("serve --public-ip 0.0.0.0", "0.0.0.0")]
    [InlineData("ports --public-ip 203.0.113.7/x", "203.0.113.7/x")]
    public void A_wrong_address_is_named(string line, string named)
        => Assert.Contains(Root().Parse(line).Errors, e => e.Message.Contains(named, StringComparison.Ordinal));

    [Fact]
    public void The_list_names_protocol_port_direction_who_and_why()
    {
        var list = PortList.For(Remedies("serve --host 0.0.0.0"), CloudProvider.GoogleCloud);

        Assert.Equal([("tcp", 7860, "in"), ("udp", 7860, "both"), ("udp", 5353, "both")], list.Ports.Select(p => (p.Protocol, p.Port, p.Direction)));
        Assert.All(list.Ports, p => Assert.False(string.IsNullOrWhiteSpace(p.Who) || string.IsNullOrWhiteSpace(p.Why)));
        Assert.Equal(["sudo ufw allow 7860/tcp", "sudo ufw allow 7860/udp"], list.Commands["ufw"]);
        Assert.Contains("gcloud compute firewall-rules create thaw --allow tcp:7860,udp:7860", list.Commands["gcloud"]);
        foreach (var commands in list.Commands.Values) AssertTaken(commands);
    }

    [Fact]
    public void Http_behind_a_proxy_of_this_machine_is_not_to_be_opened()
        => Assert.Equal(["sudo ufw allow 7860/udp"], PortList.For(Remedies("serve --tcp-port off"), CloudProvider.None).Commands["ufw"]);

    [Fact]
    public void The_relay_inside_has_a_port_worth_opening_and_another_where_HTTP_is_a_proxys()
    {
        var open = PortList.For(Remedies("serve --host 0.0.0.0") with { RelayPort = 3478 }, CloudProvider.None);
        Assert.Equal(["sudo ufw allow 7860/tcp", "sudo ufw allow 7860/udp", "sudo ufw allow 3478/udp"], open.Commands["ufw"]);
        var behind = PortList.For(Remedies("serve --tcp-port off") with { RelayPort = 3478 }, CloudProvider.None);
        Assert.Equal(["sudo ufw allow 7860/udp", "sudo ufw allow 3478/udp", "sudo ufw allow 3478/tcp"], behind.Commands["ufw"]);
    }

    [Fact]
    public void The_tcp_port_for_media_is_published()
    {
        var remedies = Remedies("serve --tcp-port 443");
        Assert.StartsWith("docker run -p 7860:7860/tcp -p 443:443/tcp -p 7860:7860/udp IMAGE serve --tcp-port 443 ", remedies.DockerRun("ADDRESS"), StringComparison.Ordinal);
    }

    [Fact]
    public void Stun_and_turn_servers_are_asked_on_the_way_out_and_their_secrets_stay_where_they_are()
    {
        const string server = """{"urls":["turns:turn.example.org","turn:relay.example.org"],"username":"u","credential":"hush"}""";
        var remedies = Serve.RemediesFor(Root().Parse(["serve", "--ice-servers", server, "--agent", "tone"]), 7860, 7860, null);

        var outward = PortList.For(remedies, CloudProvider.None).Ports.Where(p => p.Direction is "out");
        Assert.Equal([("tcp", 5349, "turn.example.org"), ("udp", 3478, "relay.example.org")], outward.Select(p => (p.Protocol, p.Port, p.Who)));
        Assert.Equal("docker run --network host IMAGE serve --ice-servers SERVERS --agent tone", remedies.DockerRunOnHost());
    }

    [Theory]
    [InlineData("serve", new[] { "7860/udp", "7860/tcp" })] // HTTP itself listens on localhost only
    [InlineData("serve --tcp-port 443", new[] { "7860/udp", "443/tcp" })]
    [InlineData("serve --host 0.0.0.0 --tcp-port 443", new[] { "7860/tcp", "7860/udp", "443/tcp" })]
    [InlineData("serve --host 0.0.0.0", new[] { "7860/tcp", "7860/udp" })] // shared with HTTP
    public void The_TCP_port_for_media_is_to_be_opened_too(string line, string[] ports)
        => Assert.Equal(ports.Select(p => $"sudo ufw allow {p}"), PortList.For(Remedies(line), CloudProvider.None).Commands["ufw"]);

    [Fact]
    public void A_port_that_changes_cannot_be_opened()
        => Assert.Empty(PortList.For(Remedies("serve --udp-port 0") with { UdpPort = 0 }, CloudProvider.None).Commands);

    // Every thaw in an advised command is one that thaw takes, once its capitals are filled in.
    private static void AssertTaken(IEnumerable<string> commands)
    {
        foreach (string command in commands)
        {
            int at = command.IndexOf("serve", StringComparison.Ordinal);
            if (at < 0) continue;
            string line = command[at..].Replace("ADDRESS", "203.0.113.7", StringComparison.Ordinal).Replace("SERVERS", "stun:192.0.2.1", StringComparison.Ordinal);
            Assert.True(Root().Parse(line).Errors is [], line);
        }
    }

    private static SelfCheck Check(string line, HostFacts facts)
        => SelfCheck.Of(facts, [.. facts.Addresses.Select(a => Host(a.Address.ToString(), a.Address.ToString()))], [], [], Remedies(line));

    private static Remedies Remedies(string line)
    {
        var parsed = Root().Parse(line);
        return Serve.RemediesFor(parsed, 7860, 7860, Serve.OptionsFrom(parsed).TcpPort is 0 ? 7860 : Serve.OptionsFrom(parsed).TcpPort) with { RelayPort = null };
    }

    private static RootCommand Root() => new() { Serve.Command(), Ports.Command() };

    private static Candidate Host(string address, string at) => new(CandidateType.Host, At(address), At(at), 1, "h");

    private static TransportAddress At(string address) => new(IPAddress.Parse(address), 7860);
}
