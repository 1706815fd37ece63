using System.CommandLine;
using System.Text.Json;
using Thaw.Cli;
using Thaw.Cli.Verbs;
using Thaw.Probes;
using Thaw.Tests.IceServers;
using Xunit;
using IceVerb = Thaw.Cli.Verbs.Ice;

namespace Thaw.Tests.Cli;

/// <summary><c>thaw ice</c> over whatever is configured: what it finds in it before it tries anything, and how it ends.</summary>
public sealed class IceVerbTests : IDisposable
{
    private const string Secret = "s3cret-of-ours-and-then-some-more";
    private const string Coturn = "--ice-source coturn:host=relay.example,tls-port=443,secret=" + Secret;

    private readonly FakeProvider _provider = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("thaw-ice-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task With_nothing_configured_it_says_what_could_be()
    {
        var (exit, output, errors) = await RunAsync("ice");

        Assert.Equal((ExitCode.Usage, ""), (exit, output));
        Assert.All((string[])["--ice-servers", "--ice-source", "THAW_ICE_SERVERS", "google", "thaw.yaml"], word => Assert.Contains(word, errors, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_malformed_entry_is_a_finding_with_a_caret_and_no_usage_error()
    {
        var (exit, output, _) = await RunAsync("ice --ice-servers turn://relay.example");

        Assert.Equal(ExitCode.Found, exit);
        Assert.StartsWith("""
            --ice-servers: Error: no slashes after the scheme: these URLs have no //.
            --ice-servers:     turn://relay.example
            --ice-servers:          ^
            --ice-servers:   Write turn:relay.example
            """, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ice --ice-servers nonsense --json", "url-no-scheme")]
    [InlineData("ice --ice-servers turn:relay.example --json", "credential-missing")]
    [InlineData("ice --ice-servers [{ --json", "not-json")]
    public async Task Findings_are_in_the_document_by_their_codes(string line, string code)
    {
        var (exit, output, _) = await RunAsync(line);
        var document = JsonElement.Parse(output);

        Assert.Equal((ExitCode.Found, ExitCode.Found, "failed"), (exit, document.GetProperty("exitCode").GetInt32(), document.GetProperty("status").GetString()));
        var finding = document.GetProperty("configuration")[0];
        Assert.Equal(("--ice-servers", code, "error"), (finding.GetProperty("where").GetString(), finding.GetProperty("code").GetString(), finding.GetProperty("severity").GetString()));
        Assert.Empty(document.GetProperty("urls").EnumerateArray());
    }

    [Fact]
    public void Serve_does_not_start_with_what_is_a_finding_here()
        => Assert.NotEmpty(CommandTree.Root().Parse("serve --ice-servers turn://relay.example").Errors);

    [Fact]
    public async Task The_valid_ones_of_a_list_are_tried_all_the_same()
    {
        var configured = await ReadAsync("ice --ice-servers stun:a.example,stunn:b.example,turn:c.example");

        Assert.Equal(["stun:a.example"], configured.Targets.Select(target => target.Text));
        Assert.True(configured.IsRefused);
        Assert.Equal(ExitCode.Found, IceVerb.ExitFor(Works(configured), configured, isStrict: false));
    }

    [Fact]
    public async Task A_source_is_minted_from_and_everything_that_it_grants_is_tried()
    {
        var configured = await ReadAsync($"ice {Coturn}");

        Assert.Equal(
            ["stun:relay.example:3478", "turn:relay.example:3478?transport=udp", "turn:relay.example:3478?transport=tcp", "turns:relay.example:443?transport=tcp"],
            configured.Targets.Select(target => target.Text));
        Assert.EndsWith(":check", configured.Targets[1].Credential!.Username, StringComparison.Ordinal);
        Assert.Equal(("coturn", ProbeStatus.Ok, 4, _provider.Time.GetUtcNow().AddDays(1)), Row(Assert.Single(configured.Sources)));
        Assert.Empty(configured.Findings);
    }

    [Fact]
    public async Task A_provider_that_is_down_is_a_row_and_a_warning_while_something_else_works()
    {
        _provider.Answers("", 503);
        var configured = await ReadAsync($"ice --ice-source cloudflare:key-id=i,api-token={Secret} {Coturn}");

        var down = configured.Sources[0];
        Assert.Equal(("cloudflare", ProbeStatus.Failed, "it fails itself (503)"), (down.Name, down.Status, down.Error));
        Assert.Equal((ExitCode.Ok, ExitCode.Warnings), (IceVerb.ExitFor(Works(configured), configured, false), IceVerb.ExitFor(Works(configured), configured, true)));
        Assert.Contains(IceVerb.Describe(Works(configured), configured.Sources), line => line.StartsWith("source cloudflare", StringComparison.Ordinal) && line.Contains("FAILED", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_provider_alone_that_is_down_is_a_finding()
    {
        _provider.Answers("", 503);
        Assert.Equal(ExitCode.Found, (await RunAsync($"ice --ice-source cloudflare:key-id=i,api-token={Secret}")).Exit);
    }

    [Fact]
    public async Task A_source_that_lacks_a_setting_is_a_row_and_one_that_there_is_not_is_wrong_usage()
    {
        var (exit, output, _) = await RunAsync("ice --ice-source metered:app=x");

        Assert.Equal(ExitCode.Found, exit);
        Assert.Contains("source metered: ", output, StringComparison.Ordinal);
        Assert.NotEmpty(CommandTree.Root().Parse("ice --ice-source nobody").Errors);
    }

    [Fact]
    public async Task A_providers_clock_that_is_off_is_a_warning()
    {
        _provider.Answers(FakeProvider.Cloudflare(), 201, skew: TimeSpan.FromMinutes(-10));
        var source = Assert.Single((await ReadAsync("ice --ice-source cloudflare:key-id=i,api-token=t")).Sources);

        Assert.Equal(ProbeStatus.Warning, source.Status);
        Assert.InRange(source.ClockSkewSeconds!.Value, -601, -599);
    }

    [Theory]
    [InlineData("serve: { ice-servers: 'stun:of-serve.example' }", "stun:of-serve.example")]
    [InlineData("serve: { ice-servers: 'stun:of-serve.example' }\nice: { ice-servers: 'stun:of-ice.example' }", "stun:of-ice.example")]
    [InlineData("serve: { ice-source: ['static:servers=stun:of-source.example'] }", "stun:of-source.example")]
    public async Task The_file_is_read_as_serve_reads_it_and_its_own_section_wins(string yaml, string url)
        => Assert.Equal([url], (await ReadAsync($"ice --config {Write(yaml)}")).Targets.Select(target => target.Text));

    [Fact]
    public async Task A_finding_names_the_line_of_the_file()
    {
        string path = Write("serve:\n  ice-servers: stunn:a.example\n");
        Assert.StartsWith($"{path}:2:16: ice-servers", Assert.Single((await ReadAsync($"ice --config {path}")).Findings).Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData($"ice --ice-source cloudflare:key-id=i,api-token={Secret}")]
    [InlineData($"ice --ice-servers turn:u:{Secret}@relay.example")]
    [InlineData($$$"""ice --ice-servers [{"urls":"turn://relay.example","username":"u","credential":"{{{Secret}}}"}]""")]
    public async Task No_secret_is_in_what_it_says(string line)
    {
        _provider.Answers($$"""{"error":"{{Secret}}"}""", 401);
        foreach (string form in (string[])["", " --json"])
        {
            var (exit, output, errors) = await RunAsync(line + form);
            Assert.Equal(ExitCode.Found, exit);
            Assert.DoesNotContain(Secret, output + errors, StringComparison.Ordinal);
        }
    }

    private static (string, ProbeStatus, int, DateTimeOffset?) Row(SourceReport source) => (source.Name, source.Status, source.Urls, source.ExpiresAt);

    private static IceReport Works(IceConfiguration configured) => new([.. configured.Targets.Select(target => new UrlReport { Url = target.Text, Status = ProbeStatus.Ok })], [], 1);

    private Task<IceConfiguration> ReadAsync(string line) => IceConfiguration.ReadAsync(Parse(line), _provider.Surroundings, TestContext.Current.CancellationToken);

    private async Task<(int Exit, string Output, string Errors)> RunAsync(string line)
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter());
        int exit = await IceVerb.RunAsync(Parse(line), _provider.Surroundings, output, errors, TestContext.Current.CancellationToken);
        return (exit, output.ToString(), errors.ToString());
    }

    private static ParseResult Parse(string line)
    {
        var parsed = CommandTree.Root().Parse(line.Split(' '));
        Assert.Empty(parsed.Errors.Select(error => error.Message));
        return parsed;
    }

    private string Write(string text)
    {
        string path = Path.Combine(_folder.FullName, "thaw.yaml");
        File.WriteAllText(path, text);
        return path;
    }
}
