using Thaw.Audit;
using Xunit;

namespace Thaw.Tests.Audit;

public sealed class PackageTests
{
    private const string Transport = "@pipecat-ai/small-webrtc-transport";

    [Fact]
    public void A_locked_client_before_trickle_is_named_with_its_line()
    {
        var report = TemporaryProject.Audit(
            ("package.json", $$"""{ "dependencies": { "{{Transport}}": "^1.6.0" } }"""),
            ("package-lock.json", $$"""
            {
              "lockfileVersion": 3,
              "packages": {
                "": { "dependencies": { "{{Transport}}": "^1.6.0" } },
                "node_modules/{{Transport}}": {
                  "version": "1.6.1",
                  "integrity": "sha512-x"
                }
              }
            }
            """));

        var found = Assert.Single(report.Findings, f => f.Rule == "client-before-trickle");
        Assert.Equal(("package-lock.json", 6, Severity.Problem), (found.File, found.Line, found.Severity));
        Assert.Contains("1.6.1 is installed", found.Title, StringComparison.Ordinal);
        Assert.Equal("\"version\": \"1.6.1\",", found.Quote);
        Assert.DoesNotContain(report.Findings, f => f.File == "package.json"); // the lock says what is there
        Assert.DoesNotContain(report.Findings, f => f.Rule == "client-gathers-without-limit");
    }

    [Theory]
    [InlineData("package-lock.json", "{\"lockfileVersion\":1,\"dependencies\":{\"" + Transport + "\":{\"version\":\"1.6.1\"}}}")]
    [InlineData("yarn.lock", "\"" + Transport + "@^1.6.0\":\n  version \"1.6.1\"\n  resolved \"x\"\n")]
    [InlineData("yarn.lock", "\"" + Transport + "@npm:^1.6.0\":\n  version: 1.6.1\n  resolution: \"x\"\n")]
    [InlineData("pnpm-lock.yaml", "packages:\n\n  '" + Transport + "@1.6.1(@pipecat-ai/client-js@1.4.0)':\n    resolution: {integrity: x}\n")]
    [InlineData("pnpm-lock.yaml", "packages:\n\n  /" + Transport + "/1.6.1:\n    resolution: {integrity: x}\n")]
    [InlineData("bun.lock", "{ \"packages\": {\n    \"" + Transport + "\": [\"" + Transport + "@1.6.1\", \"\", {}, \"sha\"],\n  } }")]
    public void Every_lock_file_of_npm_tells_the_version(string name, string text)
        => Assert.Single(TemporaryProject.Audit((name, text)).Findings, f => f.Rule == "client-before-trickle");

    [Theory]
    [InlineData("uv.lock", "version = 1\n\n[[package]]\nname = \"pipecat-ai\"\nversion = \"0.0.90\"\n")]
    [InlineData("poetry.lock", "[[package]]\nname = \"Pipecat_AI\"\nversion = \"0.0.90\"\n")]
    [InlineData("Pipfile.lock", "{ \"default\": { \"pipecat-ai\": { \"extras\": [\"webrtc\"], \"version\": \"==0.0.90\" } } }")]
    public void Every_lock_file_of_Python_tells_the_version(string name, string text)
        => Assert.Single(TemporaryProject.Audit((name, text)).Findings, f => f.Rule == "server-before-trickle" && f.Severity is Severity.Problem);

    [Theory]
    [InlineData("pipecat-ai[webrtc]==0.0.90", Severity.Problem)]
    [InlineData("pipecat_ai == 0.0.90  # pinned", Severity.Problem)]
    [InlineData("pipecat-ai<0.0.91", Severity.Problem)]
    [InlineData("pipecat-ai>=0.0.80,<0.0.90 ; python_version > '3.9'", Severity.Problem)]
    [InlineData("pipecat-ai~=0.0.80", Severity.Warning)]
    [InlineData("pipecat-ai>=0.0.80", Severity.Warning)]
    [InlineData("pipecat-ai>=0.0.91", null)]
    [InlineData("pipecat-ai==1.8.0", null)]
    [InlineData("pipecat-ai", null)] // of any version: the newest, most likely
    [InlineData("# pipecat-ai==0.0.90", null)]
    [InlineData("pipecat-ai-small==0.0.90", null)] // another package
    public void Requirements_are_judged_by_what_they_let_in(string line, Severity? expected)
    {
        var report = TemporaryProject.Audit(("requirements.txt", $"fastapi\n{line}\n"));
        Assert.Equal(expected, report.Findings.SingleOrDefault(f => f.Rule == "server-before-trickle")?.Severity);
    }

    [Theory]
    [InlineData("[project]\ndependencies = [\n  \"pipecat-ai[webrtc,openai]==0.0.90\",\n]")]
    [InlineData("[project]\ndependencies = [\"fastapi>=0.1\", \"pipecat-ai == 0.0.90 ; python_version >= '3.10'\"]")]
    [InlineData("[tool.poetry.dependencies]\npipecat-ai = \"0.0.90\"")]
    [InlineData("[tool.poetry.dependencies]\npipecat-ai = { version = \"0.0.90\", extras = [\"webrtc\"] }")]
    public void A_pyproject_is_read_in_each_of_its_ways(string text)
        => Assert.Single(TemporaryProject.Audit(("server/pyproject.toml", text)).Findings, f => f.Rule == "server-before-trickle" && f.Severity is Severity.Problem);

    [Theory]
    [InlineData("1.6.0", Severity.Problem)]
    [InlineData("~1.6.0", Severity.Problem)]
    [InlineData("^0.0.4", Severity.Problem)]
    [InlineData("1.6.x", Severity.Problem)]
    [InlineData("1.2 - 1.6", Severity.Problem)]
    [InlineData("^1.5.0", Severity.Warning)]
    [InlineData(">=1.0.0 <2", Severity.Warning)]
    [InlineData("^1.6.0 || ^2.0.0", Severity.Warning)]
    [InlineData("^1.7.0", null)]
    [InlineData("latest", null)]
    [InlineData("*", null)]
    [InlineData("workspace:*", null)]
    [InlineData("file:../transport", null)]
    [InlineData("git+https://example.org/t.git#v1.0.0", null)]
    public void Without_a_lock_the_range_is_judged(string range, Severity? expected)
    {
        var report = TemporaryProject.Audit(("package.json", $$"""{ "dependencies": { "{{Transport}}": "{{range}}" } }"""));
        Assert.Equal(expected, report.Findings.SingleOrDefault(f => f.Rule == "client-before-trickle")?.Severity);
    }

    [Fact]
    public void A_lock_above_speaks_for_the_workspaces_below_and_not_for_those_beside()
    {
        string manifest = $$"""{ "dependencies": { "{{Transport}}": "^1.5.0" } }""";
        string good = "\"" + Transport + "@^1.5.0\":\n  version \"1.10.8\"\n";

        Assert.Empty(TemporaryProject.Audit(("yarn.lock", good), ("apps/web/package.json", manifest)).Findings);
        Assert.NotEmpty(TemporaryProject.Audit(("apps/a/yarn.lock", good), ("apps/b/package.json", manifest)).Findings);
    }

    [Fact]
    public void What_tools_fetched_is_not_the_projects_and_a_broken_file_ends_nothing()
    {
        string old = $$"""{ "dependencies": { "{{Transport}}": "1.0.0" } }""";
        var report = TemporaryProject.Audit(
            ("node_modules/x/package.json", old), (".venv/lib/requirements.txt", "pipecat-ai==0.0.1"),
            ("package.json", "{ \"dependencies\": { \"" + Transport + "\": \"1.6.0\", "), ("package-lock.json", "not JSON at all \u0000"));

        Assert.All(report.Findings, f => Assert.Equal("package.json", f.File));
        Assert.Contains(report.Findings, f => f.Rule == "client-before-trickle");
    }
}
