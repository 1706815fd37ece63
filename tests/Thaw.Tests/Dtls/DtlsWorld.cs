using System.Security.Cryptography;
using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Xunit;

namespace Thaw.Tests.Dtls;

/// <summary>A client and a server engine with a network between them, in simulated time.</summary>
internal sealed class DtlsWorld : IDisposable
{
    private static readonly Lazy<BouncyCastleDtls> Hosts = new(() =>
    {
        var host = new BouncyCastleDtls();
        host.WarmUp();
        return host;
    });

    private readonly PriorityQueue<(Side To, byte[] Datagram), (long, int)> _inFlight = new();
    private readonly byte[] _buffer = new byte[Output.BufferLength];
    private readonly TimeSpan _latency;
    private int _sequence;

    public DtlsWorld(
        BouncyCastleDtls? clientHost = null, BouncyCastleDtls? serverHost = null, CertificateFingerprint? clientExpects = null,
        CertificateFingerprint? serverExpects = null, int latencyMs = 10)
    {
        clientHost ??= Host;
        serverHost ??= Host;
        _latency = TimeSpan.FromMilliseconds(latencyMs);
        Client = new Side(clientHost.Create(new(DtlsRole.Client, clientExpects ?? serverHost.LocalFingerprint, Random())));
        Server = new Side(serverHost.Create(new(DtlsRole.Server, serverExpects ?? clientHost.LocalFingerprint, Random())));

        static RandomNumberGenerator Random() => RandomNumberGenerator.Create();
    }

    public static BouncyCastleDtls Host => Hosts.Value;

    public Instant Now { get; private set; } = new(0);
    public Side Client { get; }
    public Side Server { get; }

    /// <summary>What the network makes of a datagram: none, one or several of them. The default delivers it.</summary>
    public Func<Side, byte[], IEnumerable<byte[]>> Network { get; set; } = (_, datagram) => [datagram];

    /// <summary>Added to the latency of one datagram.</summary>
    public Func<TimeSpan> Jitter { get; set; } = () => TimeSpan.Zero;

    public bool BothConnected => Client.Keys is not null && Server.Keys is not null;

    public DtlsWorld Start()
    {
        Client.Engine.Start(Now);
        Server.Engine.Start(Now);
        Drain();
        return this;
    }

    public DtlsWorld RunUntil(Func<bool> done, double seconds = 60)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (!done() && Step(end)) { }
        return this;
    }

    public DtlsWorld RunFor(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (Step(end)) { }
        Now = end;
        return this;
    }

    public DtlsWorld Connect()
    {
        Start().RunUntil(() => BothConnected);
        Assert.True(BothConnected);
        return RunFor(0.1);
    }

    public Side PeerOf(Side side) => side == Client ? Server : Client;

    public void Deliver(Side to, ReadOnlySpan<byte> datagram)
    {
        to.Engine.Receive(datagram, Now);
        Drain();
    }

    public void Drain()
    {
        Drain(Client);
        Drain(Server);
    }

    public void Dispose()
    {
        Client.Engine.Dispose();
        Server.Engine.Dispose();
    }

    private bool Step(Instant end)
    {
        var next = Instant.Earlier(Client.WakeAt, Server.WakeAt);
        bool arrival = _inFlight.TryPeek(out _, out var due) && due.Item1 <= next.Ticks;
        if (arrival) next = new(due.Item1);
        if (next > end || next == Instant.Never) return false;

        Now = next > Now ? next : Now;
        if (arrival)
        {
            var (to, datagram) = _inFlight.Dequeue();
            to.Received++;
            to.Engine.Receive(datagram, Now);
        }
        else
        {
            Client.Engine.Advance(Now);
            Server.Engine.Advance(Now);
        }

        Drain();
        return true;
    }

    private void Drain(Side side)
    {
        while (true)
        {
            var output = side.Engine.Poll(_buffer, Now);
            switch (output.Kind)
            {
                case OutputKind.Idle:
                    side.WakeAt = output.WakeAt;
                    return;
                case OutputKind.Transmit:
                    byte[] sent = output.Payload.ToArray();
                    side.Sent.Add((Now, sent));
                    foreach (byte[] datagram in Network(side, sent))
                        _inFlight.Enqueue((PeerOf(side), datagram), ((Now + _latency + Jitter()).Ticks, _sequence++));
                    break;
                case OutputKind.Data: side.Data.Add(output.Payload.ToArray()); break;
                case OutputKind.Event: side.Events.Add((DtlsEvent)output.Value!); break;
                case OutputKind.Observation: side.Seen.Add((Now, (Observation)output.Value!)); break;
            }
        }
    }

    internal sealed class Side(IDtlsEngine engine)
    {
        public IDtlsEngine Engine { get; } = engine;
        public Instant WakeAt { get; set; } = Instant.Never;
        public int Received { get; set; }
        public List<(Instant At, byte[] Datagram)> Sent { get; } = [];
        public List<byte[]> Data { get; } = [];
        public List<DtlsEvent> Events { get; } = [];
        public List<(Instant At, Observation Observation)> Seen { get; } = [];

        public SrtpKeyingMaterial? Keys => Events.OfType<DtlsEvent.Connected>().FirstOrDefault()?.Keys;
        public DtlsEvent.Failed? Failed => Events.OfType<DtlsEvent.Failed>().SingleOrDefault();
        public T[] Saw<T>() where T : Observation => [.. Seen.Select(s => s.Observation).OfType<T>()];
    }
}
