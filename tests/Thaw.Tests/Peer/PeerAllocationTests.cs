using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Peer;

public sealed class PeerAllocationTests
{
    private const int Packets = 1_000;

    [Fact]
    public void A_media_packet_allocates_nothing_from_SendAudio_to_Media()
    {
        using var world = new PeerWorld().Connect();
        byte[] payload = new byte[160], sending = new byte[Output.BufferLength], receiving = new byte[Output.BufferLength];
        int heard = 0;
        var now = world.Net.Now;
        Talk(20);
        heard = 0;

        long before = GC.GetAllocatedBytesForCurrentThread();
        Talk(Packets);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(Packets, heard);
        Assert.Equal(0, allocated);

        void Talk(int packets)
        {
            for (int i = 0; i < packets; i++)
            {
                world.Caller.Machine.SendAudio(payload, (uint)(160 * i), false, now);
                while (world.Caller.Machine.Poll(sending, now) is { Kind: not OutputKind.Idle } said)
                {
                    if (said.Kind != OutputKind.Transmit) continue;
                    world.Server.Machine.Receive(new Datagram(said.Source, said.Destination, said.Payload), now);
                    while (world.Server.Machine.Poll(receiving, now) is { Kind: not OutputKind.Idle } got)
                        if (got.Kind == OutputKind.Media) heard++;
                }
            }
        }
    }
}
