using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Xunit;

namespace Thaw.Tests.World;

public sealed class AnyWorldTests
{
    // ICE's own budget: RFC 8863's patience and the last round of checks, after gathering and signalling.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(39.5 + 19.75 + 10);

    /// <summary>THAW_LONG is how many; ./check --long sets it to a million.</summary>
    private static readonly long Worlds = long.TryParse(Environment.GetEnvironmentVariable("THAW_LONG"), out long many) ? many : 10_000;

    [Fact]
    public void In_any_world_ICE_connects_if_there_is_a_path_and_says_so_if_there_is_none()
        => AnyScript.Gen.Sample(Meet, iter: Worlds, print: Story);

    private static void Meet(Script script)
    {
        var encounter = new Encounter(script);
        var ending = encounter.Run(Budget.TotalSeconds);
        bool hasPath = PathOracle.HasDirectPath(script);
        Assert.Equal(hasPath ? Ending.Connected : Ending.Failed, ending);
        if (!hasPath) return;

        encounter.Net.RunFor(TimeSpan.FromSeconds(5));
        Assert.True(encounter.IsConnected, "They no longer agree.");
        Assert.True(encounter.Offerer.Machine.Agent.MaySend && encounter.Answerer.Machine.Agent.MaySend, "One may not send.");
        Assert.NotEqual(encounter.Offerer.Machine.Agent.Role, encounter.Answerer.Machine.Agent.Role);
        Assert.Empty(encounter.Offerer.Of<IceEvent.ConsentLost>());
        Assert.Empty(encounter.Answerer.Of<IceEvent.ConsentLost>());
        Assert.Empty(encounter.Offerer.Of<IceEvent.ChecksFailed>());
        Assert.Empty(encounter.Answerer.Of<IceEvent.ChecksFailed>());
    }

    private static string Story(Script script)
    {
        var encounter = new Encounter(script);
        var ending = encounter.Run(Budget.TotalSeconds);
        return $"\n{script}\nending     {ending} at {encounter.Net.Elapsed}; the network {(PathOracle.HasDirectPath(script) ? "has" : "has no")} path\n{encounter.Net.Report(30)}";
    }
}
