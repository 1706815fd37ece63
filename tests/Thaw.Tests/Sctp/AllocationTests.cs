using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Sctp;

public sealed class AllocationTests
{
    [Fact]
    public void Sacks_and_retired_chunks_allocate_nothing()
    {
        // One 1,000-byte message in, its packet over, a SACK back: only what the message itself needs is allocated.
        var now = new Instant(0);
        var a = new SctpAssociation(new(), new SeededRandom(1), now);
        var b = new SctpAssociation(new(), new SeededRandom(2), now);
        byte[] buffer = new byte[Output.BufferLength], message = new byte[1000];
        a.Connect(now);
        for (int i = 0; i < 2000; i++) Round();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) Round();
        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / 1000;

        // Sender: the copy (1,024) and OutboundMessage; receiver: the array (1,024) and the event.
        Assert.InRange(each, 2048, 2048 + 200);

        void Round()
        {
            now += TimeSpan.FromMilliseconds(20);
            a.TrySend(0, 53, message, default, now);
            for (bool moved = true; moved;) moved = Carry(a, b) | Carry(b, a);
        }

        bool Carry(SctpAssociation from, SctpAssociation to)
        {
            from.Advance(now);
            bool moved = false;
            for (var output = from.Poll(buffer, now); output.Kind is not OutputKind.Idle; output = from.Poll(buffer, now))
            {
                if (output.Kind is not OutputKind.Transmit) continue;
                to.Receive(output.Payload, now);
                moved = true;
            }

            return moved;
        }
    }

    [Fact]
    public void Refused_packets_leave_nothing_behind()
    {
        var association = new SctpAssociation(new(), new SeededRandom(1), new(0));
        byte[] noise = new byte[1200], buffer = new byte[Output.BufferLength];
        for (int i = 0; i < 100_000; i++) association.Receive(noise, new(0));
        int observed = 0;
        while (association.Poll(buffer, new(0)).Kind is OutputKind.Observation) observed++;
        Assert.Equal(256, observed);
    }
}
