using Xunit;

namespace Thaw.Tests.World;

public sealed class NatTableTests
{
    private const string Begin = "<!-- measured by NatTableTests; THAW_WRITE=1 writes it anew -->\n", End = "\n<!-- end of what is measured -->";

    private readonly Dictionary<(Site, Site), Path> _measured = [];

    [Fact]
    public void Every_pair_of_networks_connects_just_where_a_path_exists()
    {
        foreach (var offerer in NatTable.Sites)
            foreach (var answerer in NatTable.Sites)
                foreach (var (one, other) in new[] { (false, false), (true, false), (false, true), (true, true) })
                {
                    var (a, b) = (offerer with { HasRelay = one }, answerer with { HasRelay = other });
                    var path = _measured[(a, b)] = NatTable.Measure(a, b);
                    Assert.True(path == NatTheory.BestPath(a, b), $"{a} and {b}: {path}, and in theory {NatTheory.BestPath(a, b)}");
                }

        string file = Repository.PathOf("docs", "rfc", "nat-table.md"), page = File.ReadAllText(file);
        int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = page.IndexOf(End, StringComparison.Ordinal);
        string fresh = string.Concat(page.AsSpan(0, from), NatTable.Page((a, b) => _measured[(a, b)]), page.AsSpan(to));
        if (Environment.GetEnvironmentVariable("THAW_WRITE") == "1") File.WriteAllText(file, fresh);
        else Assert.Equal(fresh, page);
    }

    [Fact]
    public void With_a_relay_on_each_side_everyone_connects()
        => Assert.All(
            from a in NatTable.Sites from b in NatTable.Sites select (a with { HasRelay = true }, b with { HasRelay = true }),
            sites => Assert.NotEqual(Path.None, NatTheory.BestPath(sites.Item1, sites.Item2)));

    [Fact]
    public void The_network_itself_has_the_paths_that_theory_says()
    {
        foreach (var offerer in NatTable.Sites)
            foreach (var answerer in NatTable.Sites)
                Assert.True(PathOracle.HasDirectPath(new Script(offerer, answerer)) == (NatTheory.BestPath(offerer, answerer) is not Path.None), $"{offerer} and {answerer}");
    }
}
