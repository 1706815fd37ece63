using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Tests.World;

namespace Thaw.Tests.Ice;

/// <summary>Two agents that know nothing of each other until told.</summary>
internal sealed class IceWorld
{
    public IceWorld(int seed = 1, IceRole aliceRole = IceRole.Controlling, IceRole bobRole = IceRole.Controlled, string[]? alice = null, string[]? bob = null)
    {
        Net = new Simulation(seed);
        Alice = Agent("alice", aliceRole, [.. (alice ?? ["192.0.2.1"]).Select(text => Address(text))]);
        Bob = Agent("bob", bobRole, [.. (bob ?? ["198.51.100.2"]).Select(text => Address(text))]);
    }

    public Simulation Net { get; }
    public Endpoint<IceAgent> Alice { get; }
    public Endpoint<IceAgent> Bob { get; }

    public bool BothSelected => Alice.Machine.Selected is not null && Bob.Machine.Selected is not null;

    public static TransportAddress Address(string address, int port = 5000)
        => TransportAddress.TryParse(address, port, out var parsed) ? parsed : throw new FormatException(address);

    public static Candidate Host(TransportAddress address, ushort preference = 65535)
        => new(CandidateType.Host, address, address, CandidatePriority.Of(CandidateType.Host, preference), "1");

    public static Candidate Candidate(CandidateType type, TransportAddress address, TransportAddress @base)
        => new(type, address, @base, CandidatePriority.Of(type, 65535), "1");

    /// <summary>Gives both all credentials and host candidates at once.</summary>
    public IceWorld Introduce()
    {
        Credentials(Alice, Bob);
        Credentials(Bob, Alice);
        Candidates(Alice, Bob);
        Candidates(Bob, Alice);
        return this;
    }

    public static void Credentials(Endpoint<IceAgent> to, Endpoint<IceAgent> of, bool isLite = false)
        => to.Do((agent, now) => agent.SetRemote(of.Machine.Local, isLite, now));

    public static void Candidates(Endpoint<IceAgent> to, Endpoint<IceAgent> of)
    {
        for (int i = 0; i < of.Addresses.Count; i++)
        {
            var candidate = Host(of.Addresses[i], (ushort)(65535 - i));
            to.Do((agent, now) => agent.AddRemoteCandidate(candidate, now));
        }
    }

    public IceWorld RunUntilBothSelected(double seconds = 5)
    {
        Net.RunUntil(() => BothSelected, TimeSpan.FromSeconds(seconds));
        return this;
    }

    public void Run(double seconds) => Net.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>Both ends of one path.</summary>
    public bool AgreeOnPath
        => Alice.Machine.Selected is { } a && Bob.Machine.Selected is { } b
            && a.Local.Address == b.Remote.Address && a.Remote.Address == b.Local.Address;

    private Endpoint<IceAgent> Agent(string name, IceRole role, TransportAddress[] addresses)
    {
        var random = Net.NewRandom();
        var agent = new IceAgent(role, IceCredentials.Create(random, name), random, Net.Now);
        var endpoint = Net.Add(name, agent, addresses);
        for (int i = 0; i < addresses.Length; i++)
        {
            var candidate = Host(addresses[i], (ushort)(65535 - i));
            endpoint.Do((a, now) => a.AddLocalCandidate(candidate, now));
        }

        return endpoint;
    }
}
