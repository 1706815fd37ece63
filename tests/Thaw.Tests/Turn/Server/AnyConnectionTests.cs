using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>Whatever clients and peers do with TCP relays and tickets, in whatever order, against a model that only remembers what was granted.</summary>
public sealed class AnyConnectionTests
{
    private const int Clients = 3, Peers = 4, PerAllocation = 3, InTotal = 5, Quota = 4;

    private enum Act { Allocate, AllocateMobile, Release, Permit, Connect, Dialled, Fail, Accept, Bind, BindOthers, End, Disconnect, Move, SendFromNew, SendFromOld, FromPeer, Pass, PassUnnoticed }

    private sealed record Step(Act Act, int Client, int Peer, int Number)
    {
        public override string ToString() => $"{Act} {Client} {Peer} {Number}";
    }

    private static readonly Gen<Step[]> Steps =
        (from act in Gen.Int[0, (int)Act.PassUnnoticed]
         from client in Gen.Int[0, Clients - 1]
         from peer in Gen.Int[0, Peers - 1]
         from number in Gen.Int[0, 60]
         select new Step((Act)act, client, peer, number)).Array[1, 80];

    [Fact]
    public void No_connection_is_made_without_permission_or_survives_its_allocation_and_no_limit_is_passed()
        => Steps.Sample(steps => new World().Run(steps), iter: 400, print: Print);

    private static string Print(Step[] steps) => string.Join('\n', steps.Select(step => step.ToString()));

    private sealed class World
    {
        private readonly TurnTable _table = new(Served with
        {
            RelaysTcp = true,
            IsMobile = true,
            MaxConnections = PerAllocation,
            TotalConnections = InTotal,
            TotalQuota = Quota,
            UnprovenAnswersAtOnce = 100_000,
        });

        private readonly TurnClient[] _streams;
        private readonly Place?[] _places = new Place?[Clients]; // of mobile allocations over UDP
        private readonly Dictionary<RelayedConnection, Instant> _open = []; // with the instant at which it may last be there unbound
        private readonly Dictionary<(int Client, TransportAddress Peer), Instant> _permissions = [];
        private readonly HashSet<FiveTuple> _moved = [];
        private int _seen;
        private ushort _nextPort = 6000;

        private sealed record Place(TurnClient At, TurnClient? Next, byte[] Ticket, TransportAddress Relayed, Instant ExpiresAt);

        public World() => _streams = [.. Enumerable.Range(0, Clients).Select(i => _table.Stream((ushort)(5000 + i), i == 2 ? "bob" : "alice", i == 2 ? "hunter2" : "secret"))];

        private Instant Now => _table.Now;

        public void Run(Step[] steps)
        {
            foreach (var step in steps)
            {
                Do(step);
                Look();
                Check();
            }

            _table.Server.Close(Now);
            _table.Drain();
            Look();
            Assert.Empty(_open);
            Assert.Empty(_moved);
            Assert.Empty(_table.Ports.Opened);
            Assert.Equal(0, _table.Ledger.Count);
        }

        private static readonly TransportAddress Denied = At("10.0.0.1", 80);

        private static TransportAddress PeerOf(int peer) => peer == 3 ? Denied : At($"203.0.113.{peer + 1}", (ushort)(7000 + peer));

        private void Do(Step step)
        {
            var stream = _streams[step.Client];
            var peer = PeerOf(step.Peer);
            var connections = _open.Keys.OrderBy(connection => connection.Id).ToArray();
            var one = connections.Length == 0 ? null : connections[step.Number % connections.Length];
            switch (step.Act)
            {
                case Act.Allocate: if (stream.AllocateTcp().Succeeded) Forget(step.Client); break;
                case Act.AllocateMobile: AllocateMobile(step.Client); break;
                case Act.Release: stream.Refresh(0); break;
                case Act.Permit: if (stream.Permit(peer).Succeeded) _permissions[(step.Client, peer.WithPort(0))] = Now + TimeSpan.FromMinutes(5); break;
                case Act.Connect: Connect(stream, peer); break;
                case Act.Dialled: if (one is not null) _table.Server.Dialled(one, isConnected: true, Now); break;
                case Act.Fail: if (one is not null) Fail(one); break;
                case Act.Accept: Accept(step.Client, peer); break;
                case Act.Bind: if (one is not null) Bind(one, step.Client, step.Number); break;
                case Act.BindOthers: stream.BindConnection((uint)step.Number); break;
                case Act.End: if (one is not null) End(one); break;
                case Act.Disconnect: _table.Server.Disconnected(stream.FiveTuple, Now); break;
                case Act.Move: Move(step.Client); break;
                case Act.SendFromNew: if (Living(step.Client) is { Next: { } next } place && next.Send(PeerOf(0), "x"u8) is not null) _places[step.Client] = place with { At = next, Next = null }; break;
                case Act.SendFromOld: if (Living(step.Client) is { } here) Assert.NotNull(here.At.Send(PeerOf(0), "x"u8)); break;
                case Act.FromPeer: FromPeer(step.Client); break;
                case Act.Pass: _table.Pass(step.Number); break;
                case Act.PassUnnoticed: _table.PassUnnoticed(step.Number); break;
            }

            _table.Drain();
        }

        private void Connect(TurnClient stream, TransportAddress peer)
        {
            stream.Refresh();
            int before = _table.Events.OfType<TurnServerEvent.Dial>().Count();
            stream.Connect(peer, isAnswered: false);
            if (peer == Denied) Assert.Equal(before, _table.Events.OfType<TurnServerEvent.Dial>().Count());
        }

        private void Accept(int client, TransportAddress peer)
        {
            if (_table.Server.Find(_streams[client].FiveTuple) is not { IPv4: { } relayed } allocation) return;
            bool isLiving = Now < allocation.ExpiresAt;
            bool isPermitted = _permissions.TryGetValue((client, peer.WithPort(0)), out var until) && Now < until;
            bool hasRoom = allocation.ConnectionCount < PerAllocation && _table.Server.ConnectionCount < InTotal;
            var accepted = _table.Server.Accept(relayed, peer, Now);
            Assert.Equal(isLiving && isPermitted && hasRoom, accepted is not null);
            if (accepted is not null) _open.Add(accepted, Now + TimeSpan.FromSeconds(30));
        }

        private void Bind(RelayedConnection connection, int client, int number)
        {
            var data = _table.Stream(_nextPort++, client == 2 ? "bob" : "alice", client == 2 ? "hunter2" : "secret");
            var owner = Enumerable.Range(0, Clients).Single(i => _table.Server.Find(_streams[i].FiveTuple)?.IPv4 == connection.Relayed);
            bool isOwners = client == 2 == (owner == 2);
            if (data.BindConnection(connection.Id).Succeeded)
            {
                Assert.True(isOwners);
                _open[connection] = Instant.Never;
            }

            if (number % 2 == 0) Assert.False(data.BindConnection(connection.Id).Succeeded); // once
        }

        // Of a dial: of what is open already, it says nothing.
        private void Fail(RelayedConnection connection)
        {
            int before = _table.Server.ConnectionCount;
            _table.Server.Dialled(connection, isConnected: false, Now);
            if (_table.Server.ConnectionCount < before) _open.Remove(connection);
        }

        private void End(RelayedConnection connection)
        {
            _open.Remove(connection);
            _table.Server.ConnectionEnded(connection, 1, 1, Now);
        }

        private void AllocateMobile(int client)
        {
            if (Living(client) is not null) return;
            var at = _table.Client(port: _nextPort++);
            var reply = at.AllocateMobile();
            if (!reply.Succeeded) return;
            _places[client] = new Place(at, null, reply.Ticket, reply.Relayed, Now + TimeSpan.FromSeconds(250));
            at.Permit(PeerOf(0)); // a good five minutes: the model's place is over before
        }

        private void Move(int client)
        {
            if (Living(client) is not { } place) return;
            var next = _table.Client(port: _nextPort++);
            var reply = next.Move(place.Ticket);
            Assert.True(reply.Succeeded);
            _places[client] = place with { Next = next, Ticket = reply.Ticket };
        }

        // To exactly one place, and that is where the client was heard last.
        private void FromPeer(int client)
        {
            if (Living(client) is { } place) Assert.Equal(place.At.Address, _table.Put(PeerOf(0), place.Relayed, "x"u8)!.Destination);
        }

        private Place? Living(int client) => _places[client] is { } place && Now < place.ExpiresAt ? place : null;

        private void Forget(int client)
        {
            foreach (var permission in _permissions.Keys.Where(key => key.Client == client).ToArray()) _permissions.Remove(permission);
        }

        private void Look()
        {
            for (; _seen < _table.Events.Count; _seen++)
            {
                switch (_table.Events[_seen])
                {
                    case TurnServerEvent.Dial dial: _open.Add(dial.Connection, Now + TimeSpan.FromSeconds(60)); break;
                    case TurnServerEvent.Close close: Assert.True(_open.Remove(close.Connection), "closed once"); break;
                    case TurnServerEvent.ClientMoves moves: Assert.True(_moved.Add(moves.To)); break;
                    case TurnServerEvent.ClientLeft left: Assert.True(_moved.Remove(left.From)); break;
                }
            }
        }

        private void Check()
        {
            _table.Server.Advance(Now);
            _table.Drain();
            Look();
            Assert.Equal(_open.Count, _table.Server.ConnectionCount);
            Assert.InRange(_open.Count, 0, InTotal);
            Assert.All(_open, open => Assert.True(Now < open.Value, "unbound for too long"));
            Assert.All(_open.Keys, connection => Assert.NotNull(connection.Relayed.Allocation));
            Assert.All(_open.Keys.GroupBy(connection => connection.Relayed), each => Assert.InRange(each.Count(), 1, PerAllocation));
            Assert.True(_table.Ledger.Count <= Quota);
            Assert.Equal(_table.Ports.Opened.Count, _table.Server.RelayedCount);
            Assert.True(_moved.Count <= 2 * _table.Server.AllocationCount);
        }
    }
}
