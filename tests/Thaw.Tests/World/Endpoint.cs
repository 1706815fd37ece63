using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.World;

/// <summary>What a machine put out, other than datagrams.</summary>
/// <param name="Value">The event or observation; for media and data null.</param>
internal sealed record Seen(Instant At, OutputKind Kind, object? Value, MediaPacket Packet, byte[] Payload);

/// <summary>One machine with its addresses and the record of what it said.</summary>
internal abstract class Endpoint(Simulation world, string name, IMachine machine)
{
    private const int PatienceWithMachine = 10_000;

    private readonly byte[] _buffer = new byte[Output.BufferLength];
    private readonly Dictionary<TransportAddress, Realm> _realms = [];
    private int _wakesAtOnce;
    private Instant _lastWake;

    public string Name { get; } = name;

    public List<TransportAddress> Addresses { get; } = [];

    public List<Seen> Seen { get; } = [];

    /// <summary>Is told of every event and observation as it comes. It may schedule, not act.</summary>
    public Action<object>? Heard { get; set; }

    /// <summary>Switched off, it neither receives nor wakes.</summary>
    public bool IsOff { get; set; }

    /// <summary>Datagrams that arrived.</summary>
    public int Delivered { get; private set; }

    /// <summary>The firewall of the host itself.</summary>
    public Policy Policy { get; set; } = Policy.Open;

    /// <summary>TCP addresses that are dialled and never dial.</summary>
    public HashSet<TransportAddress> Listeners { get; } = [];

    /// <summary>All ports of its addresses are this machine's, as a relay's are.</summary>
    public bool OwnsAllPorts { get; set; }

    public Instant WakeAt { get => IsOff ? Instant.Never : field; private set; }

    protected Simulation World { get; } = world;

    /// <summary>Events and observations of one type, in order.</summary>
    public IEnumerable<T> Of<T>() => Seen.Select(seen => seen.Value).OfType<T>();

    /// <summary>When the first of a type came, from the beginning of the world.</summary>
    public TimeSpan When<T>() => Seen.First(seen => seen.Value is T).At - new Instant(0);

    public override string ToString() => Name;

    /// <summary>Gives it an address, be it only now: a network that it has joined.</summary>
    public void Attach(TransportAddress address, Realm realm)
    {
        Addresses.Add(address);
        _realms[address.WithPort(0).Over(TransportProtocol.Udp)] = realm;
        realm.Attach(address, this);
    }

    /// <summary>Takes an address away: a network that it has left.</summary>
    public void Detach(TransportAddress address)
    {
        Addresses.Remove(address);
        if (!Addresses.Exists(other => other.SameAddress(address))) RealmOf(address)?.Detach(address, this);
    }

    internal bool Owns(TransportAddress address)
    {
        foreach (var own in Addresses)
            if (own == address || (OwnsAllPorts && own.SameAddress(address))) return true;
        return false;
    }

    /// <summary>All ports of one IP address are in one realm.</summary>
    internal Realm? RealmOf(TransportAddress source) => _realms.GetValueOrDefault(source.WithPort(0).Over(TransportProtocol.Udp));

    internal void Wake()
    {
        _wakesAtOnce = World.Now == _lastWake ? _wakesAtOnce + 1 : 0;
        _lastWake = World.Now;
        if (_wakesAtOnce > 100) Assert.Fail($"{Name} wakes without end at {World.Elapsed}.\n{World.Report()}");
        machine.Advance(World.Now);
        Drain();
    }

    internal void Deliver(TransportAddress source, TransportAddress destination, byte[] payload)
    {
        if (IsOff) return;
        Delivered++;
        machine.Receive(new Datagram(source, destination, payload), World.Now);
        Drain();
    }

    protected void Drain()
    {
        for (int i = 0; i < PatienceWithMachine; i++)
        {
            var output = machine.Poll(_buffer, World.Now);
            switch (output.Kind)
            {
                case OutputKind.Idle:
                    WakeAt = output.WakeAt;
                    return;
                case OutputKind.Transmit:
                    World.Carry(this, output.Source, output.Destination, output.Payload);
                    break;
                default:
                    Seen.Add(new Seen(World.Now, output.Kind, output.Value, output.Packet, output.Payload.ToArray()));
                    if (output.Value is { } value) Heard?.Invoke(value);
                    break;
            }
        }

        Assert.Fail($"{Name} never becomes idle.\n{World.Report()}");
    }
}

internal sealed class Endpoint<T>(Simulation world, string name, T machine) : Endpoint(world, name, machine) where T : IMachine
{
    public T Machine { get; } = machine;

    /// <summary>One input through the machine's own API, then the drain that must follow it.</summary>
    public void Do(Action<T, Instant> input)
    {
        input(Machine, World.Now);
        Drain();
    }

    internal void Start() => Drain();
}
