using Thaw.IceServers.Checking;
using Thaw.Net.Gathering;

namespace Thaw.IceServers.Reading;

/// <summary>What was found in somebody's spelling of a list of servers.</summary>
/// <param name="Findings">About the spelling; what the servers themselves are worth says <see cref="IceServerCheck"/>.</param>
/// <param name="Lifetime">As the answer tells it, from the moment of the answer on.</param>
public sealed record IceServerReading(IReadOnlyList<IceServer> Servers, IReadOnlyList<IceFinding> Findings, TimeSpan? Lifetime = null)
{
    public IceFinding? FirstError => Findings.FirstOrDefault(f => f.IsError);
}
