using System.CommandLine;
using System.Net;
using CsCheck;
using Thaw.Cli;
using Thaw.Cli.Configuration;
using Thaw.Cli.Verbs;
using Xunit;
using RelayVerb = Thaw.Cli.Verbs.Relay;

namespace Thaw.Tests.Cli;

/// <summary>thaw.yaml: what stands in it, who wins over it, and what is said of mistakes.</summary>
public sealed class ConfigFileTests : IDisposable
{
    private static readonly string[] Pieces = ["[", "]", "{", "}", ": ", "&a ", "*a", "- ", "\n", "\n  ", "\"", "'", "#", "|", ">", "%", "@", "!", ",", "? ", "---", "...", "<<", "\t", "\\", "relay", "port", "1", "\u0001", "é"];

    private static readonly RootCommand Whole = CommandTree.Root();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("thaw-config-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_key_of_the_verbs_section_is_its_option()
    {
        var options = RelayVerb.OptionsFrom(Parse("""
            relay:
              port: 3999
              relay-range: 50000-50999
              user-quota: 3
              no-tcp: yes
              listen: [203.0.113.7, "2001:db8::7"]
              user: [ "ada:one, two", "bob:x:y" ]
              auth-secret: "with, comma"
            """, "relay"));

        Assert.Equal((3999, 3, false), (options.Port, options.Server.UserQuota, options.ListensOnTcp));
        Assert.Equal((50000, 50999), (options.Server.FirstRelayPort, options.Server.LastRelayPort));
        Assert.Equal([IPAddress.Parse("203.0.113.7"), IPAddress.Parse("2001:db8::7")], options.Listen);
        Assert.Equal([("ada", "one, two"), ("bob", "x:y")], options.Server.Users.Select(user => (user.Name, user.Password)));
        Assert.Equal(["with, comma"], options.Server.SharedSecrets);
    }

    [Fact]
    public void Users_may_be_a_map_of_their_passwords()
        => Assert.Equal([("ada", "o:ne"), ("bob", "two")], RelayVerb.OptionsFrom(Parse("relay: { user: { ada: 'o:ne', bob: two } }", "relay")).Server.Users.Select(user => (user.Name, user.Password)));

    [Theory]
    [InlineData("userQuota")]
    [InlineData("user-quota")]
    [InlineData("user_quota")]
    public void A_key_may_be_spelled_as_the_reader_likes(string key)
        => Assert.Equal(3, RelayVerb.OptionsFrom(Parse($"relay: {{ {key}: 3 }}", "relay")).Server.UserQuota);

    [Fact]
    public void A_flag_wins_over_the_file() => Assert.Equal(7, RelayVerb.OptionsFrom(Parse("relay: { user-quota: 3 }", "relay --user-quota 7")).Server.UserQuota);

    [Fact]
    public void A_switch_of_the_file_can_be_turned_off_by_a_flag() => Assert.True(RelayVerb.OptionsFrom(Parse("relay: { no-tcp: true }", "relay --no-tcp=false")).ListensOnTcp);

    [Fact]
    public void The_environment_wins_over_the_file_and_a_flag_over_both()
    {
        var option = new Option<int>("--mark").OrVariable("THAW_TEST_MARK", 1, "a number", text => (int.TryParse(text, out int value), value));
        string file = Write("verb: { mark: 2 }");
        Assert.Equal(2, Tree(option).Parse($"verb --config {file}").GetValue(option));

        using var variable = new Variable("THAW_TEST_MARK", "3");
        Assert.Equal(3, Tree(option).Parse($"verb --config {file}").GetValue(option));
        Assert.Equal(4, Tree(option).Parse($"verb --config {file} --mark 4").GetValue(option));
        Assert.Equal("THAW_TEST_MARK", Sources.OriginOf(Tree(option).Parse($"verb --config {file}"), option).Name);
    }

    [Fact]
    public void Switches_have_variables_too()
    {
        var option = new Option<bool>("--mark-switch").OrVariable("THAW_TEST_SWITCH");
        Assert.False(Tree(option).Parse("verb").GetValue(option));
        using var variable = new Variable("THAW_TEST_SWITCH", "on");
        Assert.True(Tree(option).Parse("verb").GetValue(option));
        Assert.True(Tree(option).Parse("verb --mark-switch").GetValue(option));
        Assert.False(Tree(option).Parse("verb --mark-switch false").GetValue(option));
    }

    [Fact]
    public void The_verb_that_lists_ports_reads_the_section_of_the_verb_that_it_lists_them_for()
    {
        var options = Serve.OptionsFrom(Parse("serve: { udp-port: 7000, host: 0.0.0.0 }\nports: { host: 127.0.0.1 }", "ports"));
        Assert.Equal((7000, "127.0.0.1"), (options.UdpPort, options.Host)); // its own section first
    }

    [Fact]
    public void The_check_of_a_relay_reads_the_section_of_the_relay() => Assert.Equal(3, RelayVerb.OptionsFrom(Parse("relay: { user-quota: 3, server-name: turn.example.org }", "relay check")).Server.UserQuota);

    [Theory]
    [InlineData("iceServers: [{ urls: [turn:a.example.org, turns:a.example.org], username: u, credential: 007 }, stun:b.example.org]", 2, "007")]
    [InlineData("ice-servers: { url: turn:a.example.org, username: u, credential: p }", 1, "p")]
    [InlineData("ice-servers: 'stun:a.example.org, stun:b.example.org'", 2, null)]
    [InlineData("ice-servers: [stun:a.example.org, stun:b.example.org]", 2, null)]
    [InlineData("""ice-servers: '[{"urls":"turn:a.example.org","username":"u","credential":"p"}]'""", 1, "p")]
    public void Ice_servers_are_written_as_yaml_or_as_the_flag_has_them(string line, int count, string? credential)
    {
        var servers = Serve.OptionsFrom(Parse($"serve:\n  {line}", "serve")).IceServers;
        Assert.Equal((count, credential), (servers.Count, servers[0].Credential));
    }

    [Fact]
    public void A_budget_is_a_map_of_its_stages()
        => Assert.Equal(TimeSpan.FromSeconds(4), Serve.OptionsFrom(Parse("serve: { budget: { checks: 4, dtls: 5 } }", "serve")).Budget.Checks);

    [Fact]
    public void An_alias_repeats_its_anchor()
        => Assert.Equal(2, RelayVerb.OptionsFrom(Parse("relay:\n  allow-peer: &blocks [10.1.0.0/16]\n  listen: &at [192.0.2.1]\n  relay-ip: *at\n  deny-peer: *blocks", "relay")).Listen.Count + 1);

    [Theory]
    [InlineData("relay: { user-qouta: 3 }", "1:10: \"thaw relay\" has no option \"user-qouta\" (did you mean \"user-quota\"?)")]
    [InlineData("relay:\n  nonsense: 3", "2:3: \"thaw relay\" has no option \"nonsense\"")]
    [InlineData("serve: { relay-range: 1-2 }", "1:10: \"thaw serve\" has no option \"relay-range\"; it belongs under \"relay\"")]
    [InlineData("relay-range: 1-2", "1:1: \"relay-range\" belongs under \"relay\", indented")]
    [InlineData("relya: {}", "1:1: there is no section \"relya\" (did you mean \"relay\"?)")]
    [InlineData("relay: { port: 1, port: 2 }", "1:19: \"port\" stands here a second time")]
    [InlineData("relay: { userQuota: 1, user-quota: 2 }", "1:24: \"user-quota\" and \"userQuota\" are the same key")]
    [InlineData("relay: { port: }", "1:16: \"port\" has no value")]
    [InlineData("relay: [1]", "1:8: under \"relay\" stand the options of \"thaw relay\"")]
    [InlineData("relay: { user-quota: [[1]] }", "1:22: \"user-quota\" takes a value or a list of values")]
    [InlineData("relay: { user-quota: many }", "1:22: user-quota takes 0 to 1000000, not \"many\".")]
    [InlineData("relay: { no-tcp: perhaps }", "1:18: no-tcp takes true or false, not \"perhaps\".")]
    [InlineData("- relay", "1:1: this must be keys and values")]
    [InlineData("relay: [", "not YAML: ")]
    [InlineData("a: 1\n---\nb: 2", "2:1: a second document")]
    [InlineData("relay: { listen: *nobody }", "1:18: there is no anchor &nobody before it")]
    [InlineData("relay: &all { listen: *all }", "1:23: *all stands inside of what it repeats")]
    public void A_mistake_is_named_with_its_line_and_column(string text, string said)
        => Assert.Contains(Errors(text, "relay"), error => error.Contains(said, StringComparison.Ordinal));

    [Fact]
    public void Each_mistake_is_told_once() => Assert.Single(Errors("relay: { user-qouta: 3 }", "relay"));

    [Fact]
    public void A_file_that_was_named_and_is_not_there_is_an_error()
        => Assert.Contains("nowhere.yaml", Assert.Single(CommandTree.Root().Parse("relay --config nowhere.yaml").Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void An_empty_file_says_nothing() => Assert.Empty(Errors("# nothing\n", "relay"));

    [Fact]
    public void A_file_that_grows_when_its_aliases_are_followed_is_refused()
    {
        string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + string.Concat("bcdefgh".Select(c => $"{c}: &{c} [{string.Join(", ", Enumerable.Repeat($"*{(char)(c - 1)}", 10))}]\n"));
        Assert.Contains("more than 10000 values", Assert.Throws<ConfigException>(() => YamlTree.Read("f", bomb)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void So_is_one_that_is_too_deep_or_too_long()
    {
        Assert.Contains("deeper than 8", Assert.Throws<ConfigException>(() => YamlTree.Read("f", new string('[', 100_000))).Message, StringComparison.Ordinal);
        Assert.Contains("more than 256 KiB", Assert.Throws<ConfigException>(() => YamlTree.Read("f", new string('#', 300_000))).Message, StringComparison.Ordinal);
        Assert.Contains("more than 256 KiB", Assert.Single(Errors(new string('#', 300_000), "relay")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("relay: { user: hush }")]
    [InlineData("relay: { user: [[hush]] }")]
    [InlineData("relay: { auth-secret: { hush: [hush] } }")]
    [InlineData("serve: { iceServers: [{ urls: turn:a.example.org, credential: hush }] }")]
    [InlineData("serve: { iceServers: '{\"urls\": \"hush' }")]
    public void No_message_quotes_a_secret(string text)
    {
        string verb = text.Split(':')[0];
        string[] errors = [.. Errors(text, verb)];
        Assert.NotEmpty(errors);
        Assert.All(errors, error => Assert.DoesNotContain("hush", error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_secret_may_stand_in_a_file_of_its_own()
    {
        string secret = Write("""[{"urls":"turn:a.example.org","username":"u","credential":"hush"}]""");
        Assert.Equal("hush", Serve.OptionsFrom(Parse($"serve: {{ ice-servers-file: {secret} }}", "serve")).IceServers[0].Credential);
        Assert.Equal("hush", Serve.OptionsFrom(Parse($"serve: {{ iceServersFile: {secret} }}", "ports")).IceServers[0].Credential);
        Assert.Contains("1:29: ice-servers-file: ", Assert.Single(Errors("serve: { ice-servers-file:  /nowhere }", "serve")), StringComparison.Ordinal);

        using var variable = new Variable("THAW_TEST_SECRET_FILE", Write("one two\n"));
        var option = new Option<string[]>("--mark-secret").OrSecrets("THAW_TEST_SECRET", "a secret", text => (text.Length > 0, text));
        Assert.Equal(["one", "two"], Tree(option).Parse("verb").GetValue(option)!);
    }

    [Fact]
    public void A_variable_that_an_option_has_is_not_the_file_of_another()
    {
        using var variable = new Variable("THAW_TEST_TAKEN_FILE", "/nowhere");
        var secret = new Option<string[]>("--taken").OrSecrets("THAW_TEST_TAKEN", "a secret", text => (text.Length > 0, text));
        var file = new Option<string>("--taken-file").OrVariable("THAW_TEST_TAKEN_FILE", "", "a file", text => (true, text));
        var parsed = Tree(secret, file).Parse("verb");
        Assert.Empty(parsed.Errors);
        Assert.Equal(([], "/nowhere"), (parsed.GetValue(secret)!, parsed.GetValue(file)));
    }

    [Fact]
    public void What_it_would_run_with_is_printed_with_where_it_comes_from_and_no_secret()
    {
        var parsed = Parse("relay:\n  user-quota: 3\n  user: [ada:hush]\n  auth-secret: hush", "relay --port 4000 --print-config");
        var report = PrintConfig.Report(parsed);
        string text = string.Join('\n', PrintConfig.Lines(report));

        Assert.DoesNotContain("hush", text, StringComparison.Ordinal);
        Assert.Contains(report.Settings, setting => setting is { Key: "user-quota", Value: "3", Origin: "file", Line: 2, Column: 15 });
        Assert.Contains(report.Settings, setting => setting is { Key: "port", Value: "4000", Origin: "flag", Name: "--port" });
        Assert.Contains(report.Settings, setting => setting is { Key: "relay-range", Value: "49152-65535", Origin: "default" });
        Assert.Contains(report.Settings, setting => setting is { Key: "user", Value: "(hidden)", Line: 3 });
    }

    [Fact]
    public void Every_verb_prints_its_configuration()
    {
        foreach (var verb in CommandTree.Root().Subcommands)
            Assert.NotEmpty(PrintConfig.Lines(PrintConfig.Report(CommandTree.Root().Parse($"{verb.Name} --print-config"))));
    }

    [Fact]
    public void The_same_line_is_read_again_with_what_the_file_says_then()
    {
        string file = Write("relay: { user-quota: 3 }");
        var first = CommandTree.Root().Parse(["relay", "--config", file, "--auth-secret=-dash", "--realm=a=b", "--no-tcp"]);
        File.WriteAllText(file, "relay: { user-quota: 4 }");
        var again = ConfigOption.Again(first);

        Assert.Empty(again.Errors);
        Assert.Equal((3, 4), (RelayVerb.OptionsFrom(first).Server.UserQuota, RelayVerb.OptionsFrom(again).Server.UserQuota));
        Assert.Equal(["-dash"], RelayVerb.OptionsFrom(again).Server.SharedSecrets);
        Assert.Equal(("a=b", false), (RelayVerb.OptionsFrom(again).Server.Realm, RelayVerb.OptionsFrom(again).ListensOnTcp));

        File.WriteAllText(file, "relay: { user-quota: x }");
        Assert.Single(ConfigOption.Again(first).Errors);
    }

    [Fact]
    public void Every_example_in_the_guide_is_taken()
    {
        string guide = File.ReadAllText(Repository.PathOf("docs/guides/configuration.md"));
        string[] examples = [.. guide.Split("```yaml\n").Skip(1).Select(rest => rest.Split("```")[0])];
        Assert.NotEmpty(examples);
        foreach (string example in examples)
            foreach (string verb in new[] { "serve", "relay" }) Assert.Empty(Errors(example, verb));
    }

    [Fact]
    public void Whatever_is_in_a_file_it_is_read_or_refused()
        => Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]).Array[0, 40].Sample(parts =>
        {
            try
            {
                ConfigFile.Parse("f", string.Concat(parts), isImplicit: false, Whole);
            }
            catch (ConfigException)
            {
                // as it should be
            }
        }, iter: 500);

    [Fact]
    public void What_the_parser_itself_does_not_expect_is_a_mistake_of_the_file_too()
        => Assert.Equal("f: not YAML", Assert.Throws<ConfigException>(() => YamlTree.Read("f", "...\n*a],<<]...@")).Message);

    [Fact]
    public void No_two_options_of_a_section_are_the_same_key()
    {
        foreach (var verb in CommandTree.Root().Subcommands)
            Assert.Empty(ConfigFile.OptionsOf(verb).GroupBy(option => Suggestion.Bare(option.Name)).Where(same => same.Count() > 1).Select(same => same.Key));
    }

    [Fact]
    public void Every_option_of_every_verb_has_a_key()
    {
        string[] only = ["--config", "--print-config", "--help"];
        var without = CommandTree.Root().Subcommands.SelectMany(All).SelectMany(verb => verb.Options.Where(option => Setting.Of(option) is null && !only.Contains(option.Name)).Select(option => $"{verb.Name} {option.Name}"));
        Assert.Empty(without);

        static IEnumerable<Command> All(Command verb) => verb.Subcommands.SelectMany(All).Prepend(verb);
    }

    private static RootCommand Tree(params Option[] options)
    {
        var verb = new Command("verb");
        foreach (var option in options) verb.Add(option);
        var root = new RootCommand { verb };
        ConfigOption.AddTo(root);
        return root;
    }

    private ParseResult Parse(string text, string line)
    {
        var parsed = CommandTree.Root().Parse($"{line} --config {Write(text)}");
        Assert.Empty(parsed.Errors.Select(error => error.Message));
        return parsed;
    }

    private IEnumerable<string> Errors(string text, string line) => CommandTree.Root().Parse($"{line} --config {Write(text)}").Errors.Select(error => error.Message);

    private string Write(string text)
    {
        string path = Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Of this process, which all tests share: its name is used nowhere else.</summary>
    private sealed class Variable : IDisposable
    {
        private readonly string _name;

        public Variable(string name, string value) => Environment.SetEnvironmentVariable(_name = name, value);

        public void Dispose() => Environment.SetEnvironmentVariable(_name, null);
    }
}
