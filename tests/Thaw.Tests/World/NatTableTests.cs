using Xunit;

namespace Thaw.Tests.World;

public sealed class NatTableTests
{
    [Fact]
    public void Every_pair_of_networks_connects_just_where_a_path_exists()
    {
        var wrong = new List<string>();
        foreach (var offerer in NatKind.All)
        foreach (var answerer in NatKind.All)
        foreach (bool trickles in new[] { true, false })
        foreach (var roles in new[] { Roles.OffererControls, Roles.AnswererControls })
        {
            var encounter = new Encounter(new Script(new Site(offerer), new Site(answerer)) { Trickles = trickles, Roles = roles });
            var expected = NatTheory.HasDirectPath(offerer, answerer) ? Ending.Connected : Ending.Failed;
            if (encounter.Run() is var ending && ending != expected) { wrong.Add($"{offerer} x {answerer} {trickles} {roles} {ending} at {encounter.Net.Elapsed}, {expected} expected"); if (wrong.Count==1) wrong.Add(encounter.Report()); }
        }
        foreach (var offerer in NatKind.All)
        foreach (var answerer in NatKind.All)
            if (PathOracle.HasDirectPath(new Script(new Site(offerer), new Site(answerer))) != NatTheory.HasDirectPath(offerer, answerer)) wrong.Add($"oracle expected {offerer} {answerer} ");
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }
}
