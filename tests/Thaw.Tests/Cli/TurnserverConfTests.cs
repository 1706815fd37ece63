using System.Net;
using CsCheck;
using Thaw.Cli;
using Thaw.Cli.Configuration;
using Thaw.Cli.Coturn;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Xunit;
using RelayVerb = Thaw.Cli.Verbs.Relay;

namespace Thaw.Tests.Cli;

/// <summary>A configuration of coturn's: what carries over, and what is said of the rest.</summary>
public sealed class TurnserverConfTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void What_has_a_counterpart_carries_over()
    {
        var options = Options("""
            # a comment
            listening-port=3999
            tls-listening-port 443
            listening-ip=203.0.113.7
            listening-ip=2001:db8::7
            relay-ip=203.0.113.7
            external-ip=198.51.100.9
            min-port=50000
            max-port=50999
              realm = "turn.example.org"
            use-auth-secret
            static-auth-secret=one, with a comma
            static-auth-secret=two
            user-quota=5
            total-quota=100
            relay-threads=3
            no-tcp
            alternate-server=198.51.100.1
            """);

        Assert.Equal((3999, 443, false, 3), (options.Port, options.TlsPort, options.ListensOnTcp, options.Loops));
        Assert.Equal([IPAddress.Parse("203.0.113.7"), IPAddress.Parse("2001:db8::7")], options.Listen);
        Assert.Equal(["198.51.100.9"], options.ExternalAddresses.Select(address => address.ToString()));
        Assert.Equal((50000, 50999, 5, 100), (options.Server.FirstRelayPort, options.Server.LastRelayPort, options.Server.UserQuota, options.Server.TotalQuota));
        Assert.Equal(("turn.example.org", "203.0.113.7"), (options.Server.Realm, options.Server.RelayAddresses[0].Local.Address.ToString()));
        Assert.Equal(["one, with a comma", "two"], options.Server.SharedSecrets);
        Assert.Equal("198.51.100.1:3478", options.Server.Alternates[0].ToString());
    }

    [Fact]
    public void Flags_and_thaw_yaml_win_over_it()
    {
        string yaml = Path.GetTempFileName();
        try
        {
            File.WriteAllText(_file, "user-quota=5\ntotal-quota=50\nlistening-port=4000\n");
            File.WriteAllText(yaml, $"relay: {{ turnserver-conf: {_file}, total-quota: 60 }}");
            var parsed = CommandTree.Root().Parse($"relay --config {yaml} --port 4001");

            var options = RelayVerb.OptionsFrom(parsed);
            Assert.Equal((4001, 60, 5), (options.Port, options.Server.TotalQuota, options.Server.UserQuota));
            Assert.Contains(PrintConfig.Report(parsed).Settings, setting => setting is { Key: "user-quota", Origin: "turnserver.conf", Line: 1 });
        }
        finally
        {
            File.Delete(yaml);
        }
    }

    [Fact]
    public void Users_come_with_their_passwords_and_a_hash_is_left_out()
    {
        var conf = Parse("lt-cred-mech\nuser=ada:o:ne\nuser=eve:0xbc807ee29df3c9ffa736523fb2c4e8ee\n");
        Assert.Equal(["ada:o:ne"], conf.Settings["user"].Texts);
        Assert.Contains(conf.Lines(), line => line.StartsWith("f:3: user: left out: this is a hash", StringComparison.Ordinal));
        Assert.All(conf.Lines(), line => Assert.DoesNotContain("bc807", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Beside_a_shared_secret_users_let_nobody_in_as_with_coturn()
    {
        var conf = Parse("user=ada:one\nuse-auth-secret\nstatic-auth-secret=x\n");
        Assert.False(conf.Settings.ContainsKey("user"));
        Assert.Contains(conf.Lines(), line => line.StartsWith("f:1: user: left out", StringComparison.Ordinal));
    }

    [Fact]
    public void A_relay_without_credentials_is_refused() => Assert.Contains($"{_file}:2: no-auth: ", Assert.Single(Errors("realm=x\nno-auth\n")), StringComparison.Ordinal);

    [Theory]
    [InlineData("listening-port=x", "1: listening-port takes 0 to 65535")]
    [InlineData("listening-ip=eth0", "1: listening-ip: takes an address")]
    [InlineData("external-ip=a/b/c", "1: external-ip: takes a public address, or public/private")]
    [InlineData("user=nobody", "1: user: takes name:password")]
    [InlineData("min-port=70000", "1: min-port takes two ports")]
    [InlineData("denied-peer-ip=10.0.0.9-10.0.0.1", "1: denied-peer-ip: takes an address or a range")]
    [InlineData("alternate-server=turn.example.org", "1: alternate-server: takes an address")]
    public void What_would_stop_coturn_stops_us(string text, string said) => Assert.Contains(said, Assert.Single(Errors(text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("listening-prot=3478", "1: listening-prot: no directive of coturn's that is known here (did you mean \"listening-port\"?).")]
    [InlineData("web-admin", "1: web-admin: there is no such panel")]
    [InlineData("userdb=/var/db/turndb", "1: userdb: there is no database")]
    [InlineData("proc-user=nobody", "1: proc-user: User= in the service's unit")]
    [InlineData("no-udp", "1: no-udp: UDP is always served")]
    [InlineData("stale-nonce=3600", "1: stale-nonce: ")]
    [InlineData("cipher-list=\"DEFAULT\"", "1: cipher-list: ")]
    [InlineData("alternate-server=198.51.100.1:5000", "1: alternate-server: taken over, but")]
    [InlineData("allow-loopback-peers", "1: allow-loopback-peers: taken over: whoever")]
    [InlineData("external-ip=198.51.100.1\nexternal-ip=198.51.100.2", "2: external-ip: left out: there is one address of each family")]
    [InlineData("use-auth-secret", "1: use-auth-secret: the secret is not in this file")]
    public void What_does_not_carry_over_is_told_by_its_line(string text, string said)
        => Assert.Contains(Parse(text).Lines(), line => line.StartsWith($"f:{said}", StringComparison.Ordinal));

    [Theory]
    [InlineData("stale-nonce=600")]
    [InlineData("fingerprint")]
    [InlineData("no-cli")]
    [InlineData("no-multicast-peers")]
    [InlineData("no-tcp-relay")]
    [InlineData("channel-lifetime=600")]
    [InlineData("web-admin=0")]
    [InlineData("max-bps=0")]
    public void What_is_so_anyway_is_not_worth_a_word(string text) => Assert.DoesNotContain(Parse(text).Lines(), line => line.StartsWith("f:1", StringComparison.Ordinal));

    [Theory]
    [InlineData("allowed-peer-ip=10.1.0.0-10.1.255.255", "10.1.2.3", true)]
    [InlineData("allowed-peer-ip=10.1.0.0-10.1.255.255", "10.2.2.3", false)]
    [InlineData("denied-peer-ip=203.0.114.0-203.0.114.255", "203.0.114.9", false)]
    [InlineData("denied-peer-ip=8.0.0.0-8.255.255.255\nallowed-peer-ip=8.8.8.8", "8.8.8.8", true)]
    [InlineData("realm=x", "8.8.8.8", true)]
    [InlineData("realm=x", "192.168.1.1", false)] // coturn would
    public void Rules_about_peers_judge_as_they_read(string text, string peer, bool isAllowed)
        => Assert.Equal(isAllowed, Options(text).Server.Policy.Judge(new TransportAddress(IPAddress.Parse(peer), 5000)) is null);

    [Fact]
    public void Behind_a_public_and_a_private_address_it_relays_from_the_private_one()
    {
        var options = Options("external-ip=198.51.100.9/10.0.0.5");
        Assert.Equal(("198.51.100.9", "10.0.0.5"), (options.ExternalAddresses[0].ToString(), options.Server.RelayAddresses[0].Local.Address.ToString()));
    }

    [Fact]
    public void Without_TLS_there_is_no_certificate()
    {
        var conf = TurnserverConf.Parse("f", new StringReader("cert=a\npkey=b\nno-tls\nno-dtls\n"), _ => true);
        Assert.False(conf.Settings.ContainsKey("cert") || conf.Settings.ContainsKey("key"));
    }

    [Fact]
    public void An_option_that_this_version_lacks_is_told()
    {
        var conf = TurnserverConf.Parse("f", new StringReader("mobility\n"), _ => false);
        Assert.Contains("f:1: mobility: this version has no --mobility.", conf.Lines());
        Assert.Equal("true", TurnserverConf.Parse("f", new StringReader("mobility\n"), _ => true).Settings["mobility"].Text);
    }

    [Theory]
    [InlineData("max-bps=64000", "max-rate", "64000")]
    [InlineData("bps-capacity=9000000", "total-rate", "9000000")]
    [InlineData("max-allocate-lifetime=1800", "max-lifetime", "1800")]
    [InlineData("prometheus\nprometheus-port=9999", "admin-port", "9999")]
    [InlineData("prometheus", "admin-port", "9641")]
    [InlineData("oauth\nserver-name=north.example.org", "oauth-server-name", "north.example.org")]
    [InlineData("rfc5780", "behaviour", "true")]
    [InlineData("alt-listening-port=3480", "behaviour-port", "3480")]
    [InlineData("no-dtls", "no-dtls", "true")]
    public void Options_are_found_by_their_name(string text, string option, string value)
        => Assert.Equal(value, TurnserverConf.Parse("f", new StringReader(text), _ => true).Settings[option].Text);

    [Fact]
    public void Every_range_is_covered_exactly_by_its_prefixes()
        => Gen.Select(Gen.UInt, Gen.UInt).Sample((a, b) =>
        {
            uint first = Math.Min(a, b), last = Math.Max(a, b);
            AddressPrefix[] prefixes = [.. AddressRange.ToPrefixes($"{Text(first)}-{Text(last)}")!.Select(AddressPrefix.Parse)];
            return prefixes.Length <= 62 && Covers(first) && Covers(last) && Covers(first + (last - first) / 2)
                && (first == 0 || !Covers(first - 1)) && (last == uint.MaxValue || !Covers(last + 1));

            bool Covers(uint address) => prefixes.Count(prefix => prefix.Contains(new TransportAddress(IPAddress.Parse(Text(address)), 0))) == 1;
        });

    [Theory]
    [InlineData("10.0.0.1-10.0.0.4", "10.0.0.1/32 10.0.0.2/31 10.0.0.4/32")]
    [InlineData("0.0.0.0-255.255.255.255", "0.0.0.0/0")]
    [InlineData("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0")]
    [InlineData("fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fc00::/7")]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    public void Ranges_are_few_prefixes(string range, string prefixes) => Assert.Equal(prefixes, string.Join(' ', AddressRange.ToPrefixes(range)!));

    [Fact]
    public void Whatever_is_in_a_configuration_it_is_read_or_told()
        => Gen.Select(OneOf([.. Directives.Names, "nonsense", "#", ""]), OneOf(["", "=", " ", "=0", "=1", "=a:b", "=-", "=10.0.0.1-", "=/", "=\"", "=\"x\"", "=::/", "=99999999999", "=[::1]:9"])).Array[0, 12].Sample(lines =>
            TurnserverConf.Parse("f", new StringReader(string.Join('\n', lines.Select(line => line.Item1 + line.Item2))), _ => true).Lines().Count() >= 0);

    [Fact]
    public void Every_directive_of_the_configuration_that_Debian_ships_is_known()
    {
        const string debian = "/etc/turnserver.conf";
        Assert.SkipUnless(File.Exists(debian), $"{debian} is not there (Debian package coturn)");
        var lines = File.ReadLines(debian).Select(line => line.TrimStart('#').Split('=', 2)[0]).Where(name => name.Length > 2 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));
        Assert.Empty(lines.Except(Directives.Names).Except(["syslog"]));
    }

    private static Gen<string> OneOf(string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static string Text(uint address) => $"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}";

    private static TurnserverConf Parse(string text)
    {
        string[] options = [.. ConfigFile.OptionsOf(CommandTree.Root().Subcommands.First(verb => verb.Name is "relay")).Select(Setting.KeyOf)];
        return TurnserverConf.Parse("f", new StringReader(text), options.Contains);
    }

    private RelayHostOptions Options(string text)
    {
        File.WriteAllText(_file, text);
        var parsed = CommandTree.Root().Parse($"relay --turnserver-conf {_file}");
        Assert.Empty(parsed.Errors.Select(error => error.Message));
        return RelayVerb.OptionsFrom(parsed);
    }

    private IEnumerable<string> Errors(string text)
    {
        File.WriteAllText(_file, text);
        return CommandTree.Root().Parse($"relay --turnserver-conf {_file}").Errors.Select(error => error.Message);
    }
}
