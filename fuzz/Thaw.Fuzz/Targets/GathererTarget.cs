using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A gatherer with a STUN server and a TURN server hears each datagram from either, as it is and as an answer to what that
/// server was asked last. What it lists stays bounded.
/// </summary>
internal static class GathererTarget
{
    private static readonly TurnCredential Credential = new("user", "pass");
    private static readonly TransportAddress Local = new(IPAddress.Parse("192.0.2.1"), 4000);
    private static readonly TransportAddress[] Servers = [new(IPAddress.Parse("192.0.2.2"), 3478), new(IPAddress.Parse("192.0.2.3"), 3478)];

    public static void Run(ReadOnlySpan<byte> input)
    {
        var now = new Instant(0);
        var requests = new Dictionary<TransportAddress, byte[]>();
        var gatherer = new Gatherer(new GathererOptions(), new FixedRandom(), now);
        gatherer.SetBases([Local], now);
        gatherer.SetServers([
            new GatheringServer("stun", Servers[0], GatheringKind.Stun),
            new GatheringServer("turn", Servers[1], GatheringKind.Turn, Credential: Credential)], now);
        Poll();

        foreach (var datagram in new Conversation(input))
        {
            foreach (var server in Servers)
            {
                gatherer.Receive(new Datagram(server, Local, datagram), now);
                Poll();
                if (requests.GetValueOrDefault(server) is not { } request) continue;
                gatherer.Receive(new Datagram(server, Local, Mend.TurnAnswer(datagram, request, Credential.Username, Credential.Password)), now);
                Poll();
            }

            now += TimeSpan.FromSeconds(1);
            gatherer.Advance(now);
            Poll();
            if (gatherer.Addresses.Count > 4) throw new InvalidOperationException("Two servers give four addresses at most.");
        }

        gatherer.Close(now);
        Poll();

        void Poll() => Drain.Run(Seen, now);

        Output Seen(Span<byte> buffer, Instant at)
        {
            var output = gatherer.Poll(buffer, at);
            if (output.Kind is OutputKind.Transmit && output.Payload[0] == 0) requests[output.Destination] = output.Payload.ToArray();
            return output;
        }
    }

    public static IEnumerable<Seed> Seeds() =>
        [new("mapped", Conversation.Of(StunTarget.Success(), StunTarget.Error())), .. TurnClientTarget.Seeds()];
}
