using System.Text.RegularExpressions;
using Thaw.Cli;
using Xunit;

namespace Thaw.Tests.Architecture;

/// <summary>What the documents say can be done, can be done.</summary>
public sealed partial class DocumentTests
{
    private const string Run = "dotnet run --project src/Thaw.Cli -- ";

    public static TheoryData<string> Documents => [.. Repository.Files(".", "*.md").Select(Repository.Name)];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_command_line_in_a_document_is_one_that_thaw_takes(string document)
    {
        var root = CommandTree.Root();
        foreach (string line in File.ReadLines(Repository.PathOf(document)).Where(line => line.StartsWith(Run, StringComparison.Ordinal)))
        {
            var parsed = root.Parse([.. Word().Matches(line[Run.Length..].Split('#')[0]).Select(word => word.Value.Replace("'", "", StringComparison.Ordinal))]);
            Assert.True(parsed.Errors.Count == 0, $"{document}: \"{line}\": {string.Join(' ', parsed.Errors.Select(e => e.Message))}");
        }
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_relative_link_in_a_document_leads_somewhere(string document)
    {
        string path = Repository.PathOf(document);
        foreach (Match link in Link().Matches(File.ReadAllText(path)))
        {
            string target = link.Groups[1].Value;
            if (target.Contains("://", StringComparison.Ordinal)) continue;
            string found = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, target));
            Assert.True(Path.Exists(found), $"{document} links to {target}, which is not there.");
        }
    }

    // As a shell splits them, as far as the documents go.
    [GeneratedRegex(@"(?:'[^']*'|[^\s'])+")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?:\]\(|src="")([^)#\s""]+)")]
    private static partial Regex Link();
}
