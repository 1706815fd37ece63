using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Tests.Gathering;
using Xunit;

namespace Thaw.Tests.Turn;

public sealed class TurnClientAllocationTests
{
    private const int Packets = 1_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_relayed_packet_allocates_nothing_either_way(bool hasChannel)
    {
        var world = new GatheringWorld([GatheringWorld.TurnServer()]);
        if (!hasChannel) world.Turn.Refuse = asked => asked.Method is Protocol.Stun.StunMethod.ChannelBind ? 400 : 0;
        world.Settle();
        var relayed = world.Relayed;
        world.Send(1);
        world.Run(1);

        byte[] payload = new byte[160], buffer = new byte[Output.BufferLength], arriving = Arriving(hasChannel, payload);
        int sent = 0, delivered = 0;
        var (gatherer, now) = (world.Gatherer.Machine, world.Net.Now);
        Talk(50);
        (sent, delivered) = (0, 0);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Talk(Packets);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal((Packets, Packets), (sent, delivered));
        Assert.Equal(0, allocated);

        void Talk(int packets)
        {
            for (int i = 0; i < packets; i++)
            {
                gatherer.SendRelayed(relayed, TurnWorld.PeerAddress, payload, now);
                Poll();
                gatherer.Receive(new Datagram(TurnWorld.ServerAddress, TurnWorld.Local, arriving), now);
                Poll();
            }
        }

        void Poll()
        {
            while (gatherer.Poll(buffer, now) is { Kind: not OutputKind.Idle } output)
            {
                if (output.Kind is OutputKind.Transmit && ChannelData.IsChannelData(output.Payload) == hasChannel) sent++;
                if (output.Kind is OutputKind.Delivery && output.Payload.Length == payload.Length) delivered++;
            }
        }
    }

    private static byte[] Arriving(bool hasChannel, byte[] payload)
    {
        if (hasChannel)
        {
            byte[] framed = new byte[ChannelData.HeaderLength + payload.Length];
            ChannelData.WriteHeader(framed, 0x4000, payload.Length);
            return framed;
        }

        var message = new Protocol.Stun.StunWriter(new byte[300], Protocol.Stun.StunMethod.Data, Protocol.Stun.StunClass.Indication, new(1, 1));
        message.AddXorAddress(Protocol.Stun.StunAttributeType.XorPeerAddress, TurnWorld.PeerAddress);
        message.Add(Protocol.Stun.StunAttributeType.Data, payload);
        return message.Finish().ToArray();
    }
}
