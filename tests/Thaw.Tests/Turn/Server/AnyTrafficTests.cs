using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>Whatever clients and peers do in whatever order, against a model that only remembers what was granted.</summary>
public sealed class AnyTrafficTests
{
    private const int Clients = 4, Peers = 4, UserQuota = 3, TotalQuota = 5;

    private enum Act { Allocate, AllocatePair, AllocateDual, TakeToken, Refresh, Release, Permit, Bind, Send, SendOnChannel, FromPeer, Pass, PassUnnoticed, Disconnect }

    private sealed record Step(Act Act, int Client, int Peer, int Number)
    {
        public override string ToString() => $"{Act} {Client} {Peer} {Number}";
    }

    private static readonly Gen<Step[]> Steps =
        (from act in Gen.Int[0, (int)Act.Disconnect]
         from client in Gen.Int[0, Clients - 1]
         from peer in Gen.Int[0, Peers - 1]
         from number in Gen.Int[0, 400]
         select new Step((Act)act, client, peer, number)).Array[1, 60];

    [Fact]
    public void No_packet_crosses_without_permission_no_allocation_outlives_itself_no_quota_is_passed_and_no_port_is_shared()
        => Steps.Sample(steps => new World().Run(steps), iter: 400, print: steps => string.Join('\n', steps.Select(step => step.ToString())));

    private sealed class World
    {
        private readonly TurnTable _table = new(Served with { UserQuota = UserQuota, TotalQuota = TotalQuota, FirstRelayPort = 50_000, LastRelayPort = 50_019, MaxPeers = 3 });
        private readonly TurnClient[] _clients;
        private readonly Grant?[] _grants = new Grant?[Clients];
        private byte[] _token = [];

        private sealed class Grant(Instant expiresAt)
        {
            public HashSet<TransportAddress> Relayed { get; } = [];
            public Instant ExpiresAt { get; set; } = expiresAt;
            public Dictionary<TransportAddress, Instant> Permissions { get; } = [];
            public Dictionary<ushort, (TransportAddress Peer, Instant ExpiresAt)> Channels { get; } = [];
        }

        public World() => _clients = [.. Enumerable.Range(0, Clients).Select(i => _table.Client(port: (ushort)(5000 + i), user: i % 2 == 0 ? "alice" : "bob", password: i % 2 == 0 ? "secret" : "hunter2"))];

        private Instant Now => _table.Now;

        public void Run(Step[] steps)
        {
            foreach (var step in steps)
            {
                Do(step);
                Check();
            }
        }

        private static TransportAddress PeerOf(int peer) => peer == 3 ? At("2001:db8:9::3", 7003) : At($"203.0.113.{peer + 1}", (ushort)(7000 + peer));

        private Grant? Living(int client) => _grants[client] is { } grant && Now < grant.ExpiresAt ? grant : null;

        private void Do(Step step)
        {
            var client = _clients[step.Client];
            var peer = PeerOf(step.Peer);
            ushort number = (ushort)(0x4000 + step.Number % 3);
            switch (step.Act)
            {
                case Act.Allocate: Allocate(step.Client, null); break;
                case Act.AllocatePair: Allocate(step.Client, (ref StunWriter writer) => writer.Add(StunAttributeType.EvenPort, [0x80])); break;
                case Act.AllocateDual: Allocate(step.Client, (ref StunWriter writer) => writer.Add(StunAttributeType.AdditionalAddressFamily, 2u << 24)); break;
                case Act.TakeToken: if (_token.Length > 0) Allocate(step.Client, (ref StunWriter writer) => writer.Add(StunAttributeType.ReservationToken, _token)); break;
                case Act.Refresh: Refresh(step.Client, 600); break;
                case Act.Release: Refresh(step.Client, 0); break;
                case Act.Permit: Permit(step.Client, peer); break;
                case Act.Bind: Bind(step.Client, number, peer); break;
                case Act.Send: MayCross(client.Send(peer, "out"u8), step.Client, peer); break;
                case Act.SendOnChannel: SendOnChannel(step.Client, number); break;
                case Act.FromPeer: FromPeer(step.Client, peer); break;
                case Act.Pass: _table.Pass(step.Number); break;
                case Act.PassUnnoticed: _table.PassUnnoticed(step.Number); break;
                case Act.Disconnect:
                    _table.Server.Disconnected(client.FiveTuple, Now);
                    _table.Drain();
                    _grants[step.Client] = null;
                    break;
            }
        }

        private void Allocate(int client, Fill? fill)
        {
            var reply = _clients[client].Allocate(fill);
            if (Living(client) is not null) Assert.Equal(437, reply.Code);
            if (!reply.Succeeded) return;

            var grant = new Grant(Now + TimeSpan.FromSeconds(reply.Lifetime));
            foreach (var attribute in reply.Message)
                if (attribute.Type is StunAttributeType.XorRelayedAddress && attribute.TryReadXorAddress(reply.Message.Transaction, out var relayed)) grant.Relayed.Add(relayed);
            for (int other = 0; other < Clients; other++)
                if (other != client && Living(other) is { } theirs) Assert.Empty(theirs.Relayed.Intersect(grant.Relayed));
            _grants[client] = grant;
            if (reply.Value(StunAttributeType.ReservationToken) is { Length: > 0 } token) _token = token;
        }

        private void Refresh(int client, uint lifetime)
        {
            var reply = _clients[client].Refresh(lifetime);
            Assert.Equal(Living(client) is not null, reply.Succeeded);
            if (!reply.Succeeded) return;
            if (lifetime == 0) _grants[client] = null;
            else _grants[client]!.ExpiresAt = Now + TimeSpan.FromSeconds(reply.Lifetime);
        }

        private void Permit(int client, TransportAddress peer)
        {
            if (_clients[client].Permit(peer).Succeeded) Living(client)!.Permissions[peer.WithPort(0)] = Now + TimeSpan.FromMinutes(5);
        }

        private void Bind(int client, ushort number, TransportAddress peer)
        {
            if (!_clients[client].Bind(number, peer).Succeeded) return;
            var grant = Living(client)!;
            if (grant.Channels.TryGetValue(number, out var before) && Now < before.ExpiresAt) Assert.Equal(before.Peer, peer);
            grant.Permissions[peer.WithPort(0)] = Now + TimeSpan.FromMinutes(5);
            grant.Channels[number] = (peer, Now + TimeSpan.FromMinutes(10));
        }

        private void SendOnChannel(int client, ushort number)
        {
            var sent = _clients[client].SendOnChannel(number, "out"u8);
            bool isBound = Living(client) is { } grant && grant.Channels.TryGetValue(number, out var channel) && Now < channel.ExpiresAt;
            if (isBound) MayCross(sent, client, _grants[client]!.Channels[number].Peer);
            else Assert.Null(sent);
        }

        private void FromPeer(int client, TransportAddress peer)
        {
            foreach (var relayed in _grants[client]?.Relayed ?? [])
            {
                if (relayed.IsIPv4 != peer.IsIPv4) continue;
                var sent = _table.Put(peer, relayed, "in"u8);
                if (sent is null || sent.Destination == _clients[client].Address) MayCross(sent, client, peer);
                else Assert.Contains(Enumerable.Range(0, Clients), other => other != client && Living(other)?.Relayed.Contains(relayed) is true);
            }
        }

        // Both ways: what is permitted crosses, and nothing else does.
        private void MayCross(Sent? sent, int client, TransportAddress peer)
        {
            bool isPermitted = Living(client) is { } grant && grant.Relayed.Any(relayed => relayed.IsIPv4 == peer.IsIPv4)
                && grant.Permissions.TryGetValue(peer.WithPort(0), out var until) && Now < until;
            Assert.Equal(isPermitted, sent is not null);
        }

        private void Check()
        {
            Assert.True(_table.Ledger.Count <= TotalQuota, "total quota");
            Assert.Equal(_table.Ports.Opened.Count, _table.Server.RelayedCount);
            for (int user = 0; user < 2; user++)
            {
                int held = Enumerable.Range(0, Clients).Where(client => client % 2 == user).Sum(client => Living(client)?.Relayed.Count ?? 0);
                Assert.True(held <= UserQuota, "user quota");
            }

            _table.Server.Advance(Now);
            _table.Drain();
            Assert.Equal(Enumerable.Range(0, Clients).Count(client => Living(client) is not null), _table.Server.AllocationCount);
        }
    }
}
