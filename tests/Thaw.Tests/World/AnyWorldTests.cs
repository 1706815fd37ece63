using CsCheck;
using Thaw.Protocol.Ice;
using Xunit;

namespace Thaw.Tests.World;

public sealed class AnyWorldTests
{
    // ICE's own: gathering and signalling, RFC 8863's patience, and what is still being asked then.
    private const double Budget = 10 + 39.5 + 19.75;

    private const long ManyWorlds = 10_000;

    /// <summary>THAW_LONG says how many instead; ./check --long sets it.</summary>
    private static readonly long Worlds = long.TryParse(Environment.GetEnvironmentVariable("THAW_LONG"), out long more) ? more : ManyWorlds;

    [Fact]
    public void In_any_world_ICE_connects_if_there_is_a_path_and_says_so_if_there_is_none()
        => AnyScript.Gen.Sample(Meet, iter: Worlds, print: Story);

    private static void Meet(Script script)
    {
        var encounter = new Encounter(script);
        var ending = encounter.Run(Budget);
        if (ending is not Ending.Connected)
        {
            Assert.Equal(Ending.Failed, ending);
            Assert.False(HasPath(script), "There is a path.");
            return;
        }

        encounter.Net.RunFor(TimeSpan.FromSeconds(script.Seed % 4 == 0 ? 15 : 2));
        Assert.True(encounter.Net.TryRunUntil(() => encounter.IsConnected, TimeSpan.FromSeconds(20)), "They no longer agree.");
        foreach (var side in new[] { encounter.Offerer, encounter.Answerer })
        {
            Assert.True(side.Machine.Agent.MaySend);
            Assert.Empty(side.Of<IceEvent.ConsentLost>());
            Assert.Empty(side.Of<IceEvent.ChecksFailed>());
        }

        Assert.NotEqual(encounter.Offerer.Machine.Agent.Role, encounter.Answerer.Machine.Agent.Role);
        if (encounter.Path is Path.Relay && PathOracle.HasDirectPath(WithoutTcp(script)))
            Assert.True(encounter.Net.TryRunUntil(() => encounter.Path is Path.Udp, TimeSpan.FromSeconds(15)), "It stays on a relay, and there is a direct path.");
    }

    private static bool HasPath(Script script)
        => PathOracle.HasDirectPath(script)
            || (!script.TurnIsSilent && !script.RelayRangeIsBlocked && NatTheory.HasRelayedPath(script.Offerer, script.Answerer));

    private static Script WithoutTcp(Script script)
        => script with { Offerer = script.Offerer with { DialsTcp = false }, Answerer = script.Answerer with { DialsTcp = false } };

    private static string Story(Script script)
    {
        var encounter = new Encounter(script);
        var ending = encounter.Run(Budget);
        return $"\n{script}\nending     {ending} at {encounter.Net.Elapsed}; the network {(HasPath(script) ? "has a" : "has no")} path\n{encounter.Net.Report(30)}";
    }
}
