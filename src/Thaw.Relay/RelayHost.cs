using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Loop;
using Thaw.Relay.Streams;
using Thaw.Relay.Udp;
using Thaw.Relay.Watch;

namespace Thaw.Relay;

/// <summary>A running STUN and TURN server.</summary>
public sealed partial class RelayHost : IAsyncDisposable
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainPace = TimeSpan.FromMilliseconds(200);

    private readonly RelayLoop[] _loops;
    private readonly List<StreamListener> _streams = [];
    private readonly Lazy<RelayMetrics> _metrics;
    private readonly IReadOnlyList<IPAddress> _listen;
    private readonly SemaphoreSlim _room; // one place for each stream that may be open

    internal RelayHost(RelayLoop[] loops, IReadOnlyList<IPAddress> listen, ushort port, TurnServerOptions server, RelayHostOptions options)
    {
        (_loops, _listen) = (loops, listen);
        _metrics = new Lazy<RelayMetrics>(() => new RelayMetrics(this));
        Port = port;
        Server = server;
        _room = new SemaphoreSlim(options.MaxStreams);
    }

    public ushort Port { get; }

    /// <summary>Null: no TLS.</summary>
    public ushort? TlsPort { get; private set; }

    /// <summary>As it serves: with the relay addresses and rules that were found at start.</summary>
    public TurnServerOptions Server { get; private set; }

    public int Loops => _loops.Length;

    public int AllocationCount => _loops.Sum(loop => loop.AllocationCount);

    /// <summary>Of each loop; a little old.</summary>
    public IReadOnlyList<TurnCounters> Counters => [.. _loops.Select(loop => loop.Server.Counters)];

    /// <exception cref="RelayHostException">A port is taken, an address is not ours, the options contradict each other.</exception>
    public static RelayHost Start(RelayHostOptions options)
    {
        const int Draws = 5;
        for (int draw = 1; ; draw++)
        {
            try
            {
                return Open(options);
            }
            catch (RelayHostException e) when (options.Port == 0 && draw < Draws && e.InnerException is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                // A UDP port that is free has a number that is not free over TCP.
            }
        }
    }

    private static RelayHost Open(RelayHostOptions options)
    {
        var listen = options.Listen is [] ? OwnAddresses.ToListenAt() : options.Listen;
        if (listen is []) throw new RelayHostException("This machine has no address to listen at. Name one.");

        bool fast = LinuxEdge.IsSupported && !options.IsPortable;
        int count = options.Loops > 0 ? options.Loops : fast ? Environment.ProcessorCount : 1;
        if (!fast && count > 1) throw new RelayHostException("Several loops need Linux.");
        if (options.Server.RelaysTcp && OperatingSystem.IsWindows()) throw new RelayHostException("TCP relays share ports as Windows does not let us.");

        var server = Complete(options, listen);
        var clock = new Clock(TimeProvider.System);
        var open = new OpenRelays();
        var moved = new MovedClients();
        var ledger = new SharedLedger(server.TotalQuota, server.UserQuota, server.TotalRate);
        var loops = new List<RelayLoop>();
        RelayHost? host = null;
        try
        {
            for (int i = 0; i < count; i++)
            {
                loops.Add(new RelayLoop($"{i}", icmp => fast ? new LinuxEdge(options.Linger, options.ReportsIcmp ? icmp : null) : new PortableEdge(),
                    clock, open, moved, ledger, OfLoop(server, i, count), options));
            }

            foreach (var loop in loops) loop.Beside = loops;

            ushort port = Listen(loops, listen, options.Port, "", (loop, socket) => loop.AddListener(socket));
            host = new RelayHost([.. loops], listen, port, server, options);
            var certificate = options.Certificate is { } current ? new CertificateSource(current, options.Intermediates) : null;
            host.ListenForStreams(options, certificate, listen);
            if (certificate is not null && options.ListensOnDtls) host.ListenForDtls(options, certificate, listen);
            if (options.BehaviourPort is not null) host.ListenForBehaviour(options, listen);
        }
        catch
        {
            foreach (var stream in host?._streams ?? []) stream.Dispose();
            foreach (var loop in loops) loop.Dispose();
            host?._dtls?.Dispose();
            throw;
        }

        foreach (var loop in loops) loop.Start();
        foreach (var stream in host._streams) stream.Start();
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        if (_metrics.IsValueCreated) _metrics.Value.Dispose();
        foreach (var stream in _streams) stream.Dispose();
        foreach (var loop in _loops) loop.Stop();
        foreach (var loop in _loops)
        {
            await ((Task)loop.Ended.WaitAsync(StopDeadline)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (loop.Ended.IsCompleted) loop.Dispose();
        }

        _dtls?.Dispose();
    }

    private static TurnServerOptions OfLoop(TurnServerOptions server, int loop, int count)
        => server with { Shard = (byte)loop, TotalConnections = (server.TotalConnections + count - 1) / count };

    private static TurnServerOptions Complete(RelayHostOptions options, IReadOnlyList<IPAddress> listen)
    {
        var relays = options.Server.RelayAddresses is { Count: > 0 } given
            ? given
            : [.. listen.GroupBy(address => address.AddressFamily).Select(family => new RelayAddress(new TransportAddress(family.First(), 0)))];
        foreach (var external in options.ExternalAddresses.Select(address => new TransportAddress(address, 0)))
        {
            if (!relays.Any(relay => relay.Local.IsIPv4 == external.IsIPv4))
                throw new RelayHostException($"The external address {external.Address} has no local address of its family.");
            relays = [.. relays.Select(relay => relay.Local.IsIPv4 == external.IsIPv4 ? relay with { Announced = external } : relay)];
        }

        byte[] key = options.Server.NonceKey.Length > 0 ? options.Server.NonceKey.ToArray() : RandomNumberGenerator.GetBytes(32);
        return options.Server with
        {
            RelayAddresses = relays,
            NonceKey = key,
            Policy = options.Server.Policy.With([], OwnAddresses.Rules(listen)),
        };
    }

    private void ListenForStreams(RelayHostOptions options, CertificateSource? certificate, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var address in addresses)
        {
            if (options.ListensOnTcp) Add(Port, certificate: null);
            if (certificate is not null) TlsPort = Add(TlsPort ?? options.TlsPort, certificate);

            ushort Add(ushort port, CertificateSource? certificate)
            {
                try
                {
                    _streams.Add(new StreamListener(new IPEndPoint(address, port), _loops, _room, certificate));
                    return (ushort)_streams[^1].Local.Port;
                }
                catch (SocketException e)
                {
                    throw new RelayHostException($"TCP port {port} on {address} cannot be had: {e.Message}.", e);
                }
            }
        }
    }
}

/// <summary>What belongs to this machine, and so to no stranger's traffic.</summary>
internal static class OwnAddresses
{
    public static IReadOnlyList<IPAddress> ToListenAt() => [.. All().Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)];

    public static IEnumerable<PeerRule> Rules(IEnumerable<IPAddress> listen)
        => All().Concat(listen).Distinct().Select(address => new PeerRule(new AddressPrefix(new TransportAddress(address, 0)), "this machine's own"));

    private static IEnumerable<IPAddress> All()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(network => network.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
                .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address.ScopelessCopy())];
        }
        catch (NetworkInformationException)
        {
            return []; // the system does not say; what is listened at is known anyway
        }
    }

    private static IPAddress ScopelessCopy(this IPAddress address) => new TransportAddress(address, 0).Address;
}
