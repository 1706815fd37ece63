using System.Security.Cryptography;
using Thaw.Protocol.Turn;

namespace Thaw.Protocol.Gathering;

/// <summary>How far a path is towards a relayed address.</summary>
internal enum RelayStage
{
    None,     // a STUN server
    Waiting,  // to be started at StartAt
    Dialling, // the host connects, until StartAt
    Asking,
    Held,
    Standby,  // another path of this server has one, or there are enough
}

/// <summary>One server from one base; over TCP one server, whatever the base.</summary>
internal sealed class ServerPath(GatheringServer server, TransportAddress @base)
{
    public GatheringServer Server { get; set; } = server;

    /// <summary>The local socket; over TCP default until connected.</summary>
    public TransportAddress Base { get; set; } = @base;

    /// <summary>The server's address, or where it redirected us to.</summary>
    public TransportAddress Target { get; set; } = server.Address;

    /// <summary>Where this attempt was already.</summary>
    public List<TransportAddress> Visited { get; } = [];

    public BindingClient? Binding { get; set; }

    /// <summary>When a round of Binding requests is to be started; those that repeat start themselves.</summary>
    public Instant AskAt { get; set; } = Instant.Never;

    public int AskFailures { get; set; }

    public RelayStage Stage { get; set; }

    public Instant StartAt { get; set; } = Instant.Never;

    /// <summary>Of the connection, dialled or connected; 0 for none.</summary>
    public int Connection { get; set; }

    public TurnClient? Turn { get; set; }

    /// <summary>It has something to say.</summary>
    public bool IsTurnDue { get; set; }

    public Instant TurnWakeAt { get; set; } = Instant.Never;

    /// <summary>As the Allocate answer says: for servers that do not answer Binding requests.</summary>
    public TransportAddress AllocateMapped { get; set; }

    public int Failures { get; set; }

    public Instant BeganAt { get; set; }

    public Instant HeldSince { get; set; }

    public bool IsSettled { get; set; }

    public bool IsStream => Server.Address.Protocol is TransportProtocol.Tcp;

    public bool IsTurn => Server.Kind is GatheringKind.Turn;

    /// <summary>Our mapped address for the base, or default.</summary>
    public TransportAddress Mapped
        => IsStream ? default : Binding is { Mapped: var mapped } && mapped != default ? mapped : Stage is RelayStage.Held ? AllocateMapped : default;

    /// <summary>Lists and deadlines of the relay; the bindings' come besides.</summary>
    public Instant NextDeadline(Instant paceAt)
    {
        var next = Instant.Earlier(TurnWakeAt, Binding?.WakeAt ?? Instant.Never);
        if (AskAt != Instant.Never) next = Instant.Earlier(next, Later(AskAt, paceAt));
        if (Stage is RelayStage.Waiting && StartAt != Instant.Never) next = Instant.Earlier(next, Later(StartAt, paceAt));
        if (Stage is RelayStage.Dialling) next = Instant.Earlier(next, StartAt);
        return next;

        static Instant Later(Instant a, Instant b) => a > b ? a : b;
    }

    public void Watch(RandomNumberGenerator random, Instant askAt)
    {
        Binding = new BindingClient(Base, Target, random);
        AskAt = askAt;
    }
}
