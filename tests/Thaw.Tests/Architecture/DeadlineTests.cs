using System.Globalization;
using System.Text.RegularExpressions;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Xunit;

namespace Thaw.Tests.Architecture;

/// <summary>Nothing waits without end: docs/rfc/deadlines.md lists every wait of the code base, with a test of what happens at its end.</summary>
public sealed partial class DeadlineTests
{
    private const string Page = "docs/rfc/deadlines.md";

    private static readonly string Text = File.ReadAllText(Repository.PathOf(Page));

    private static readonly Row[] Rows = [.. Text.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(Row.Parse)];

    private static readonly (string Kind, Regex Pattern)[] Waits =
    [
        ("Task.Delay", Delay()), ("WaitAsync", WaitAsync()), ("CancelAfter", CancelAfter()), ("CancellationTokenSource", TokenSource()),
        ("PeriodicTimer", PeriodicTimer()), ("CreateTimer", CreateTimer()), ("Wait", Wait()), ("Socket.Select", Select()), ("Thread.Sleep", Sleep()),
    ];

    [Fact]
    public void Every_wait_in_the_sources_is_on_the_list_and_every_line_of_the_list_in_the_sources()
    {
        string[] code = [.. Timers().Concat(Calls())];
        string[] listed = [.. Rows.Select(row => row.Wait)];

        Empty(code.Except(listed), $"Give each a deadline and a test of what happens then, and list it in {Page}");
        Empty(listed.Where(wait => !wait.StartsWith('+')).Except(code), $"{Page} lists what is not there any more");
        Empty(listed.Where(wait => wait.StartsWith('+') && !IsThere(wait[1..].Split('.'))), $"{Page} lists what is not there any more");
        Empty(listed.GroupBy(wait => wait).Where(same => same.Count() > 1).Select(same => same.Key), $"{Page} lists these twice");
    }

    [Fact]
    public void Every_line_of_the_list_names_a_test_that_exists()
    {
        var offences = Rows.Where(row => row.Tests.Length == 0).Select(row => $"{row.Wait} has no test")
            .Concat(from row in Rows from test in row.Tests where !Exists(test) select $"{row.Wait}: there is no test {test}");

        Empty(offences, $"Write the test, or correct its name in {Page}");
    }

    [Fact]
    public void Every_limit_that_can_be_set_is_explained()
    {
        var offences =
            from type in new[] { typeof(ConnectBudget), typeof(CallLimits) }
            from property in type.GetProperties()
            where property.PropertyType == typeof(TimeSpan) && !Text.Contains($"`{type.Name}.{property.Name}`", StringComparison.Ordinal)
            select $"{type.Name}.{property.Name}";

        Empty(offences, $"Say in {Page} what it limits");
    }

    [Fact]
    public void Timer_tables_are_named_so_that_the_rules_find_them()
    {
        var offences =
            from path in Repository.Files("src", "*.cs")
            from Match table in Table().Matches(SourceText.CodeOf(path))
            where table.Groups[1].Value is not ("Timer" or "Deadline" or "TTimer")
            select $"{Repository.Name(path)}: Timers<{table.Groups[1].Value}>";

        Empty(offences, "Call the enum Timer or Deadline");
    }

    [Fact]
    public void The_rules_see_each_kind_of_wait()
    {
        const string Code = "Task.Delay(1); x.WaitAsync(y); x.CancelAfter(1); new CancellationTokenSource(limit); new CancellationTokenSource(); "
            + "using var t = new PeriodicTimer(p); time.CreateTimer(c); s.Wait(); Socket.Select(a, b, c, d); Thread.Sleep(0); CancellationTokenSource z = new(limit);";
        Assert.Equal([1, 1, 1, 2, 1, 1, 1, 1, 1], Waits.Select(wait => wait.Pattern.Count(Code)));
    }

    /// <summary>Members of the timer enums: <c>IceAgent.Timer.Nominate</c>, a type's files being named after it.</summary>
    private static IEnumerable<string> Timers()
        => from path in Repository.Files("src", "*.cs")
           from Match table in Enumeration().Matches(SourceText.CodeOf(path))
           from member in table.Groups["members"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
           select $"{Path.GetFileName(path).Split('.')[0]}.{table.Groups["name"].Value}.{member}";

    /// <summary>Calls that wait: <c>Rehearsal.cs: WaitAsync ×3</c>.</summary>
    private static IEnumerable<string> Calls()
        => from path in Repository.Files("src", "*.cs")
           let code = SourceText.CodeOf(path)
           from wait in Waits
           let count = wait.Pattern.Count(code)
           where count > 0
           select $"{Path.GetFileName(path)}: {wait.Kind}{(count > 1 ? $" ×{count.ToString(CultureInfo.InvariantCulture)}" : "")}";

    private static bool IsThere(string[] name) // a type, or a member of it
        => Repository.Files("src", $"{name[0]}.cs").Any(path => SourceText.CodeOf(path).Contains(name[^1], StringComparison.Ordinal));

    private static bool Exists(string test)
        => test.Split('.') is [var type, var method]
            && Repository.Files("tests", $"{type}.cs").Any(path => Regex.IsMatch(SourceText.CodeOf(path), $@"public (?:async Task|void) {Regex.Escape(method)}\("));

    private static void Empty(IEnumerable<string> offences, string advice)
    {
        string[] found = [.. offences];
        Assert.True(found is [], $"{advice}:{SourceText.Bullets(found)}");
    }

    [GeneratedRegex(@"\benum\s+(?<name>Timer|Deadline)\s*(?::\s*\w+\s*)?\{(?<members>[^}]*)\}")]
    private static partial Regex Enumeration();

    [GeneratedRegex(@"\bTimers<(\w+)>")]
    private static partial Regex Table();

    [GeneratedRegex(@"\bTask\s*\.\s*Delay\s*\(")]
    private static partial Regex Delay();

    [GeneratedRegex(@"\.\s*WaitAsync\s*\(")]
    private static partial Regex WaitAsync();

    [GeneratedRegex(@"\.\s*CancelAfter\s*\(")]
    private static partial Regex CancelAfter();

    [GeneratedRegex(@"\bnew\s+CancellationTokenSource\s*\(\s*[^)\s]|\bCancellationTokenSource\??\s+\w+\s*=\s*new\s*\(\s*[^)\s]")]
    private static partial Regex TokenSource();

    [GeneratedRegex(@"\bnew\s+PeriodicTimer\s*\(")]
    private static partial Regex PeriodicTimer();

    [GeneratedRegex(@"\.\s*CreateTimer\s*\(|\bnew\s+(?:System\.Threading\.)?Timer\s*\(")]
    private static partial Regex CreateTimer();

    [GeneratedRegex(@"\.\s*(?:Wait|WaitOne|WaitAll|WaitAny)\s*\(")]
    private static partial Regex Wait();

    [GeneratedRegex(@"\bSocket\s*\.\s*Select\s*\(")]
    private static partial Regex Select();

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\s*\(")]
    private static partial Regex Sleep();

    /// <param name="Wait">As <see cref="Timers"/> and <see cref="Calls"/> spell it; with a + in front where neither finds it.</param>
    private sealed partial record Row(string Wait, string[] Tests)
    {
        public static Row Parse(string line)
        {
            string[] cells = line.Trim().Trim('|').Split('|');
            return new(Code().Match(cells[0]).Groups[1].Value, [.. Code().Matches(cells[^1]).Select(m => m.Groups[1].Value)]);
        }

        [GeneratedRegex("`([^`]+)`")]
        private static partial Regex Code();
    }
}
