using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Thaw.Cli;
using Thaw.Diagnosis.Causes;
using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Rules;
using Thaw.Diagnosis.Verdicts;
using Thaw.Protocol.Turn;
using Xunit;

namespace Thaw.Tests.Diagnosis;

public sealed class CatalogueTests
{
    private const string Begin = "<!-- from the rules' own tests; THAW_WRITE=1 writes it anew -->\n", End = "\n<!-- end of what is generated -->";

    [Fact]
    public void Ids_are_unique_words_and_refine_what_exists()
    {
        Assert.Equal(Catalogue.All.Count, Catalogue.All.Select(cause => cause.Id).Distinct().Count());
        Assert.All(Catalogue.All, cause =>
        {
            Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", cause.Id);
            Assert.True(cause.Refines is null || Catalogue.Find(cause.Refines) is not null, $"{cause.Id} refines {cause.Refines}");
        });
    }

    [Fact]
    public void Each_cause_says_what_to_do_and_how_to_see_that_it_worked()
        => Assert.All(Catalogue.All, cause =>
        {
            Assert.InRange(cause.Title.Length, 10, 90);
            Assert.InRange(cause.Explanation.Length, 60, 420);
            Assert.False(cause.Title.EndsWith('.'));
            Assert.EndsWith(".", cause.Explanation, StringComparison.Ordinal);
            Assert.NotEmpty(cause.Fixes);
            Assert.EndsWith(".", cause.Verify, StringComparison.Ordinal);
            Assert.All(cause.Fixes, fix => Assert.True(fix.Snippet is null or { Length: > 0 }));
            Assert.NotEmpty(cause.Sources);
            Assert.All(cause.Sources, source => Assert.True(Uri.TryCreate(source, UriKind.Absolute, out var uri) && uri.Scheme == "https", $"{cause.Id}: {source}"));
            Assert.Contains(cause.Where, (string[])["browser", "our client", "our server", "turn", "network-client", "network-server"]);
        });

    [Fact]
    public void As_json_it_speaks_in_words()
    {
        var one = JsonNode.Parse(Catalogue.Json([Catalogue.Find("turn-realm-missing")!]))!["causes"]![0]!;
        Assert.Equal(("turn", "server-admin", "turn-bad-credentials"), (one["layer"]!.GetValue<string>(), one["fixes"]![0]!["who"]!.GetValue<string>(), one["refines"]!.GetValue<string>()));
    }

    [Fact]
    public void Most_fixes_can_be_copied()
        => Assert.InRange(Catalogue.All.Count(cause => cause.Fixes.Any(fix => fix.Snippet is not null)), Catalogue.All.Count * 9 / 10, Catalogue.All.Count);

    [Fact]
    public void A_command_of_ours_in_a_fix_is_one_that_thaw_takes()
    {
        var root = CommandTree.Root();
        foreach (var cause in Catalogue.All)
            foreach (string line in cause.Fixes.SelectMany(fix => (fix.Snippet ?? "").Split('\n')).Where(line => line.StartsWith("thaw ", StringComparison.Ordinal)))
            {
                var parsed = root.Parse(line["thaw ".Length..].Replace("ADDRESS", "203.0.113.7", StringComparison.Ordinal).Replace("PUBLIC", "203.0.113.7", StringComparison.Ordinal).Replace("'", "\"", StringComparison.Ordinal));
                var faults = parsed.Errors.Where(e => !e.Message.Contains("ice-servers", StringComparison.Ordinal)); // quoting is the shell's
                Assert.True(!faults.Any(), $"{cause.Id}: {line}: {string.Join(' ', faults.Select(e => e.Message))}");
            }
    }

    [Fact]
    public void A_cause_has_a_rule_or_says_why_not()
    {
        HashSet<string> ruled = [.. AllRules.InOrder.Select(rule => rule.Cause)];
        Assert.All(Catalogue.All, cause => Assert.True(ruled.Contains(cause.Id) == (cause.Unruled is null), cause.Id));
    }

    [Fact]
    public void Every_id_that_probes_and_the_audit_name_is_in_the_catalogue()
    {
        var probes = typeof(Thaw.Probes.Causes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        var known = Thaw.Audit.Known.KnownHangs.Shipped;
        var audit = known.Packages.Select(r => r.Cause).Concat(known.Calls.Select(r => r.Cause)).Concat(known.Texts.Select(r => r.Cause)).Concat(known.Coturn.Select(r => r.Cause));
        Assert.All(probes.Concat(audit).Distinct(), id => Assert.NotNull(Catalogue.Find(id)));
    }

    [Fact]
    public void Every_refusal_of_our_relay_is_a_cause_or_no_fault()
    {
        var kinds = typeof(TurnRefusal).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(TurnRefusal)));
        Assert.All(kinds.Select(Blank), refusal => Assert.True(
            RelayRefusals.CauseOf(refusal) is { } id ? Catalogue.Find(id) is not null : refusal.CauseId.StartsWith("turn.", StringComparison.Ordinal), $"{refusal.GetType().Name}: {RelayRefusals.CauseOf(refusal)}"));
        Assert.Equal("turn-rest-username-reversed", RelayRefusals.CauseOf(new TurnRefusal.UnknownUser("bob:1700000000")));
        Assert.Equal("turn-bad-credentials", RelayRefusals.CauseOf(new TurnRefusal.UnknownUser("bob:17")));
    }

    [Fact]
    public void The_page_of_causes_is_what_the_data_says() => Held(Repository.PathOf("docs", "causes.md"), _ => Page());

    [Fact]
    public void The_table_of_scenarios_is_what_the_rules_find()
        => Held(Repository.PathOf("docs", "diagnosis.md"), page =>
        {
            int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = page.IndexOf(End, StringComparison.Ordinal);
            return string.Concat(page.AsSpan(0, from), Matrix(), page.AsSpan(to));
        });

    private static TurnRefusal Blank(Type type)
    {
        var refusal = (TurnRefusal)RuntimeHelpers.GetUninitializedObject(type);
        type.GetProperty("User")?.SetValue(refusal, "");
        return refusal;
    }

    private static void Held(string file, Func<string, string> make)
    {
        string page = File.Exists(file) ? File.ReadAllText(file) : "", fresh = make(page);
        if (Environment.GetEnvironmentVariable("THAW_WRITE") == "1") File.WriteAllText(file, fresh);
        else Assert.Equal(fresh, page);
    }

    private static string Page()
    {
        var text = new StringBuilder();
        text.Append("# Why calls hang on \"Connecting\"\n\nEvery cause that Thaw knows, with its fix: `thaw causes` prints this list, `thaw explain` and the probes name its ids.\n")
            .Append("This page is made from [the data](../src/Thaw.Diagnosis/Causes); [diagnosis.md](diagnosis.md) says how causes are found.\n\n| cause | in one line |\n|---|---|\n");
        foreach (var cause in Catalogue.All) text.Append($"| [`{cause.Id}`](#{cause.Id}) | {cause.Title} |\n");
        foreach (var layer in Catalogue.All.GroupBy(cause => cause.Layer))
        {
            text.Append($"\n## {layer.Key}\n");
            foreach (var cause in layer) Append(text, cause);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Cause cause)
    {
        text.Append($"\n### {cause.Id}\n**{cause.Title}.** {cause.Explanation}\n");
        if (cause.Refines is { } general) text.Append($"\nA case of [`{general}`](#{general}).\n");
        if (cause.Unruled is { } why) text.Append($"\nNo rule names it: {why}.\n");
        text.Append('\n');
        foreach (var fix in cause.Fixes)
        {
            text.Append($"- {Judgement.RoleOf(fix.Who)}: {fix.Do}\n");
            if (fix.Snippet is { } snippet) text.Append($"  ```\n  {snippet.Replace("\n", "\n  ", StringComparison.Ordinal)}\n  ```\n");
        }

        text.Append($"\nCheck: {cause.Verify}\n\nSee {string.Join(", ", cause.Sources.Select(source => $"<{source}>"))}\n");
    }

    private static string Matrix()
    {
        var text = new StringBuilder("| recorded hang | rules that speak | how sure | counter-example | what speaks there |\n|---|---|---|---|---|\n");
        int others = 0;
        foreach (var scenario in Scenario.All)
        {
            string[] found = [.. Judgement.FindingsOf(scenario.Golden.Facts)], counter = [.. Judgement.FindingsOf(scenario.Counter.Facts)];
            others += found.Count(cause => cause != scenario.Cause);
            double sure = Judgement.Of(scenario.Golden.Facts).RootCause!.Confidence;
            text.Append($"| {scenario.Cause} | {string.Join(", ", found.Select(cause => cause == scenario.Cause ? "itself" : cause))} | {sure.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture)} | {scenario.NotWhen} | {(counter is [] ? "nothing" : string.Join(", ", counter))} |\n");
        }

        int mistaken = WorkingCalls.All.Values.Sum(call => Judgement.FindingsOf(call.Facts).Count());
        return text.Append($"\n{Scenario.All.Count} recorded hangs × {AllRules.InOrder.Count} rules: {Scenario.All.Count} findings where they belong, {others} elsewhere. {WorkingCalls.All.Count} calls that work: {mistaken} findings.\n\n")
            .Append("The calls that work have in them: ").Append(string.Join("; ", WorkingCalls.All.Keys)).Append('.').ToString();
    }
}
