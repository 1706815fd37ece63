using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Xunit;

namespace Thaw.Tests.Turn.Server;

/// <summary>The heap is the whole process's, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>What strangers leave behind: see <see cref="LessonTests"/>.</summary>
[Collection(nameof(Alone))]
public sealed class MemoryTests
{
    [Fact]
    public void Coturn_1999_strangers_cost_no_memory_however_many_they_are()
    {
        var table = new TurnTable();
        Flood(0);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 1; i <= 20; i++) Flood(i);
        table.Facts.Clear();
        table.Facts.TrimExcess();
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;

        Assert.Equal(0, table.Server.AllocationCount);
        Assert.InRange(grown, long.MinValue, 256 * 1024);

        void Flood(int round)
        {
            for (int i = 0; i < 1000; i++)
            {
                var client = new TurnClient(table, TransportAddress.FromIPv4([100, (byte)round, (byte)(i >> 8), (byte)i], 1));
                client.AskOnce(StunMethod.Allocate);
                client.Nonce = new byte[24];
                client.AskOnce(StunMethod.Allocate);
            }
        }
    }
}
