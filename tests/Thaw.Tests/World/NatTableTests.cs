using Xunit;

namespace Thaw.Tests.World;

public sealed class NatTableTests
{
    private const double Budget = 15; // seconds: a peer connection's own

    [Fact]
    public void Every_pair_of_networks_connects_just_where_a_path_exists()
    {
        var wrong = new List<string>();
        foreach (var offerer in NatTable.Sites)
        foreach (var answerer in NatTable.Sites)
        foreach (var (one, other) in new[] { (false, false), (true, false), (false, true), (true, true) })
        foreach (bool trickles in new[] { true, false })
        foreach (var roles in new[] { Roles.OffererControls, Roles.AnswererControls })
        {
            var (a, b) = (offerer with { HasRelay = one }, answerer with { HasRelay = other });
            var encounter = new Encounter(new Script(a, b) { Trickles = trickles, Roles = roles });
            bool isConnected = encounter.Run(Budget) is Ending.Connected;
            if (isConnected != NatTheory.HasPath(a, b)) wrong.Add(encounter.Report());
        }

        Assert.True(wrong is [], $"{wrong.Count} wrong. The first:\n{wrong.FirstOrDefault()}");
    }

    [Fact]
    public void The_network_itself_has_the_paths_that_theory_says()
    {
        foreach (var offerer in NatTable.Sites)
        foreach (var answerer in NatTable.Sites)
            Assert.True(PathOracle.HasDirectPath(new Script(offerer, answerer)) == NatTheory.HasPath(offerer, answerer), $"{offerer} and {answerer}");
    }
}
