using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>A day of a relay in seconds: clients come, talk, move and go, most without a word.</summary>
[Collection(nameof(Alone))]
public sealed class LongLifeTests
{
    private const int Clients = 48, SecondsPerStep = 3;
    private const long Noise = 64 * 1024;

    private static readonly TimeSpan Day = TimeSpan.FromHours(24), Lapsed = TimeSpan.FromMinutes(61); // no allocation is granted more than an hour

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void After_a_day_of_coming_and_going_nothing_is_left_of_it(int seed)
    {
        var day = new Traffic(seed);
        day.Run(TimeSpan.FromHours(3)); // tables have grown to what they need
        day.Lapse(Lapsed);
        long before = GC.GetTotalMemory(forceFullCollection: true);

        day.Run(Day);
        Assert.True(day.Made > 2000 && day.Moved > 500 && day.Vanished > 500 && day.Relayed > 5000, $"{day.Made} made, {day.Moved} moved, {day.Vanished} vanished, {day.Relayed} relayed");
        Assert.True(day.Table.Server.AllocationCount > 0);
        day.Lapse(Lapsed);

        Assert.Equal((0, 0, 0), (day.Table.Server.AllocationCount, day.Table.Server.RelayedCount, day.Table.Ledger.Count));
        Assert.Empty(day.Table.Ports.Opened);
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(grown, long.MinValue, Noise);
        day.NobodyIsOwed();
    }

    private sealed class Traffic(int seed)
    {
        private static readonly TransportAddress Peer = At("203.0.113.5", 7000);

        private readonly Random _draw = new(seed);
        private readonly (TurnClient Client, TransportAddress Relayed, byte[] Ticket)?[] _calls = new (TurnClient, TransportAddress, byte[])?[Clients];
        private int _places;

        public TurnTable Table { get; } = new(Served with { IsMobile = true, UserQuota = Clients, TotalQuota = 2 * Clients, UnprovenAnswersAtOnce = 1000 }, seed);

        public int Made { get; private set; }

        public int Moved { get; private set; }

        public int Vanished { get; private set; }

        public int Relayed { get; private set; }

        public void Run(TimeSpan span)
        {
            for (var until = Table.Now + span; Table.Now < until; Table.Pass(_draw.Next(2 * SecondsPerStep + 1)))
            {
                Step(_draw.Next(Clients));
                if (Table.Facts.Count < 1000) continue;
                Table.Facts.Clear();
                Table.Events.Clear();
            }
        }

        /// <summary>Everybody is gone, and nobody says so.</summary>
        public void Lapse(TimeSpan span)
        {
            Array.Clear(_calls);
            Table.Pass(span.TotalSeconds);
            Table.Facts.Clear();
            Table.Events.Clear();
            Table.Facts.TrimExcess();
            Table.Events.TrimExcess();
        }

        /// <summary>The whole quota is there for whoever comes.</summary>
        public void NobodyIsOwed()
        {
            for (int i = 0; i < Clients; i++) Assert.True(NewPlace("alice", "secret").Allocate().Succeeded);
            Assert.Equal(486, NewPlace("alice", "secret").Allocate().Code);
        }

        private void Step(int index)
        {
            if (_calls[index] is not { } call)
            {
                Come(index);
                return;
            }

            switch (_draw.Next(10))
            {
                case 0:
                    _calls[index] = null;
                    Vanished++; // a client over TCP that vanishes is noticed, one over UDP runs out
                    if (call.Client.Address.Protocol is TransportProtocol.Tcp) Hear(() => Table.Server.Disconnected(call.Client.FiveTuple, Table.Now));
                    break;
                case 1:
                    _calls[index] = null;
                    call.Client.Refresh(0); // or it has run out, which is answered too
                    break;
                case 2 or 3: call.Client.Refresh((uint)_draw.Next(4000)); break;
                case 4 or 5: Move(index, call.Client, call.Relayed, call.Ticket); break;
                default:
                    call.Client.Bind(0x4000, Peer);
                    if (call.Client.SendOnChannel(0x4000, "there"u8) is not null) Relayed++;
                    if (Table.Put(Peer, call.Relayed, "back"u8) is not null) Relayed++;
                    break;
            }
        }

        private void Come(int index)
        {
            var client = index % 2 == 0 ? NewPlace("alice", "secret") : NewPlace("bob", "hunter2");
            var reply = _draw.Next(4) switch
            {
                0 => client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x80])), // the odd one is never taken
                1 => client.Allocate((ref StunWriter writer) => writer.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24)),
                _ => client.AllocateMobile(),
            };
            if (!reply.Succeeded) return; // the vanished may still hold the quota
            Made++;
            _calls[index] = (client, reply.Relayed, reply.Ticket);
        }

        private void Move(int index, TurnClient client, TransportAddress relayed, byte[] ticket)
        {
            if (ticket.Length == 0) return;
            var next = NewPlace(client.User, client.Password);
            var reply = next.Move(ticket);
            if (!reply.Succeeded)
            {
                _calls[index] = null;
                return;
            }

            Moved++;
            if (_draw.Next(3) > 0) next.Send(Peer, "here"u8); // else it arrives with what it says next, or never
            _calls[index] = (next, relayed, reply.Ticket);
        }

        private TurnClient NewPlace(string user, string password)
        {
            int place = _places++;
            var address = TransportAddress.FromIPv4([100, (byte)(64 + (place >> 16)), (byte)(place >> 8), (byte)place], 5000);
            return new TurnClient(Table, _draw.Next(4) == 0 ? address.Over(TransportProtocol.Tcp) : address) { User = user, Password = password };
        }

        private void Hear(Action input)
        {
            input();
            Table.Drain();
        }
    }
}
