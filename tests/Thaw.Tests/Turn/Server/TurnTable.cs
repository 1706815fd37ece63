using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Tests.World;

namespace Thaw.Tests.Turn.Server;

internal delegate void Fill(ref StunWriter writer);

/// <summary>A datagram that the server sent.</summary>
internal sealed record Sent(TransportAddress Source, TransportAddress Destination, byte[] Bytes, bool DontFragment = false);

/// <summary>Relay ports that are only numbers.</summary>
internal sealed class NumberedPorts : IRelayPorts
{
    public HashSet<TransportAddress> Opened { get; } = [];

    /// <summary>Ports that another program has.</summary>
    public HashSet<TransportAddress> Foreign { get; } = [];

    public int Tries { get; private set; }

    public bool TryOpen(RelayedTransportAddress relayed)
    {
        Tries++;
        return !Foreign.Contains(relayed.Local) && (Opened.Add(relayed.Local) ? true : throw new InvalidOperationException("Opened twice."));
    }

    public void Close(RelayedTransportAddress relayed)
    {
        if (!Opened.Remove(relayed.Local)) throw new InvalidOperationException("Closed twice.");
    }

    public bool IsOpen(TransportAddress relayed) => Opened.Contains(relayed);
}

/// <summary>A server on a table: what is put in comes out at once, and time passes when a test says so.</summary>
internal sealed class TurnTable
{
    public static readonly TransportAddress Listener = At("198.51.100.1", 3478);
    public static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private readonly byte[] _buffer = new byte[Output.BufferLength];

    public TurnTable(TurnServerOptions? options = null, int seed = 1)
    {
        Options = options ?? Served;
        Ports = new NumberedPorts();
        Ledger = new RelayLedger(Options.TotalQuota, Options.UserQuota, Options.TotalRate);
        Server = new TurnServer(Options, Ports, new SeededRandom(seed), Noon, Now, Ledger);
    }

    /// <summary>A server beside another, with one ledger and one set of ports.</summary>
    public TurnTable(TurnTable beside)
    {
        (Options, Ports, Ledger) = (beside.Options, beside.Ports, beside.Ledger);
        Server = new TurnServer(Options, Ports, new SeededRandom(2), Noon, Now, Ledger);
    }

    /// <summary>A host's server, on the thread that owns it.</summary>
    public TurnTable(TurnServer server, Instant now)
    {
        (Options, Ports, Ledger) = (Served, new NumberedPorts(), new RelayLedger(0, 0)); // the host has its own
        (Server, Now) = (server, now);
    }

    /// <summary>One user, both families, documentation addresses allowed as peers.</summary>
    public static TurnServerOptions Served { get; } = new()
    {
        Users = [new TurnUser("alice", "secret"), new TurnUser("bob", "hunter2")],
        RelayAddresses = [new RelayAddress(At("198.51.100.1")), new RelayAddress(At("2001:db8::1"))],
        Policy = PeerPolicy.Public.With([AddressPrefix.Parse("203.0.113.0/24"), AddressPrefix.Parse("2001:db8:9::/48")], []),
    };

    public TurnServerOptions Options { get; }

    public NumberedPorts Ports { get; }

    public RelayLedger Ledger { get; }

    public TurnServer Server { get; }

    public Instant Now { get; private set; } = new(0);

    public List<Observation> Facts { get; } = [];

    /// <summary>What the server asked of its host since the beginning.</summary>
    public List<TurnServerEvent> Events { get; } = [];

    /// <summary>All that the last input made it send.</summary>
    public List<Sent> LastSent { get; } = [];

    public static TransportAddress At(string address, ushort port = 0) => new(IPAddress.Parse(address), port);

    public IEnumerable<T> Of<T>() => Facts.OfType<T>();

    /// <summary>The refusal of the last request.</summary>
    public TurnRefusal LastRefusal => Of<Observation.TurnRequestRefused>().Last().Refusal;

    public TurnClient Client(string address = "192.0.2.7", ushort port = 5000, string user = "alice", string password = "secret")
        => new(this, At(address, port)) { User = user, Password = password };

    /// <summary>Over TCP or TLS.</summary>
    public TurnClient Stream(ushort port = 5000, string user = "alice", string password = "secret")
        => new(this, At("192.0.2.7", port).Over(TransportProtocol.Tcp)) { User = user, Password = password };

    /// <summary>Time passes; the server wakes when it asked to.</summary>
    public void Pass(double seconds)
    {
        Now += TimeSpan.FromSeconds(seconds);
        Server.Advance(Now);
        Drain();
    }

    /// <summary>Time passes and nobody tells the server.</summary>
    public void PassUnnoticed(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public Sent? Put(TransportAddress source, TransportAddress destination, ReadOnlySpan<byte> bytes)
    {
        Server.Receive(new Datagram(source, destination, bytes), Now);
        return Drain();
    }

    public Sent? Drain()
    {
        Sent? sent = null;
        LastSent.Clear();
        while (true)
        {
            var output = Server.Poll(_buffer, Now);
            switch (output.Kind)
            {
                case OutputKind.Idle: return sent;
                case OutputKind.Transmit:
                    sent = new Sent(output.Source, output.Destination, output.Payload.ToArray(), output.DontFragment);
                    LastSent.Add(sent);
                    break;
                case OutputKind.Event: Events.Add((TurnServerEvent)output.Value!); break;
                default: Facts.Add((Observation)output.Value!); break;
            }
        }
    }
}

/// <summary>What a test needs to know of an answer.</summary>
internal sealed record Reply(byte[] Bytes)
{
    public StunReader Message => StunReader.TryRead(Bytes, out var message) is { } reason ? throw new InvalidOperationException($"{reason}") : message;

    public bool Succeeded => Message.Class is StunClass.SuccessResponse;

    public int Code => Message.TryFind(StunAttributeType.ErrorCode, out var attribute) && attribute.TryReadError(out int code, out _) ? code : 0;

    public TransportAddress Address(StunAttributeType type) => Message.TryReadXorAddress(type, out var address) ? address : default;

    public TransportAddress Relayed => Address(StunAttributeType.XorRelayedAddress);

    public uint Lifetime => Message.TryFind(StunAttributeType.Lifetime, out var attribute) && attribute.TryReadUInt32(out uint seconds) ? seconds : uint.MaxValue;

    public uint ConnectionId => Message.TryFind(StunAttributeType.ConnectionId, out var attribute) && attribute.TryReadUInt32(out uint id) ? id : 0;

    public byte[] Ticket => Value(StunAttributeType.MobilityTicket);

    public byte[] Value(StunAttributeType type) => Message.TryFind(type, out var attribute) ? attribute.Value.ToArray() : [];
}
