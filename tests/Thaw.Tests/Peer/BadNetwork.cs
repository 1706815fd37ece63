using Thaw.Protocol.Peer;
using Thaw.Tests.World;

namespace Thaw.Tests.Peer;

/// <summary>Many worlds with the same bad network. The offer has candidates, or they trickle in after the answer.</summary>
internal static class BadNetwork
{
    /// <summary>Seconds until the server has its data channel, sorted; and of those that never had one, why.</summary>
    public static (double[] Connected, List<string> Failed) Connect(int worlds, int firstSeed, Link link)
    {
        var connected = new List<double>();
        var failed = new List<string>();
        for (int seed = firstSeed; seed < firstSeed + worlds; seed++)
        {
            using var world = new PeerWorld(seed);
            world.Net.DefaultLink = link;
            string offer = world.Offer(), line = offer.Split("\r\n").First(l => l.StartsWith("a=candidate", StringComparison.Ordinal))[2..];
            bool trickles = seed % 2 == 0;
            string answer = world.Answer(trickles ? JointTests.WithoutCandidates(offer) : offer);
            var there = TimeSpan.FromMilliseconds(link.LatencyMs); // signalling travels too
            world.Net.After(there, () => world.Caller.Do((peer, now) =>
            {
                peer.TryAcceptAnswer(answer, now, out _);
                peer.OpenChannel("chat", now);
            }));
            if (trickles) world.Net.After(2 * there, () => world.Server.Do((peer, now) => peer.AddRemoteCandidate(line, now)));
            world.Run(16);

            if (world.Server.Of<PeerEvent.ChannelOpened>().Any() && !world.Terminal().Any()) connected.Add(world.Server.When<PeerEvent.ChannelOpened>().TotalSeconds);
            else failed.Add($"seed {seed}: {string.Join("; ", world.Terminal())} {world.Net.Report()}");
        }

        connected.Sort();
        return ([.. connected], failed);
    }
}
