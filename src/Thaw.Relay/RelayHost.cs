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

namespace Thaw.Relay;

/// <summary>A running STUN and TURN server.</summary>
public sealed partial class RelayHost : IAsyncDisposable
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainPace = TimeSpan.FromMilliseconds(200);

    private readonly RelayLoop[] _loops;
    private readonly List<StreamListener> _streams = [];
    private readonly SemaphoreSlim _room; // one place for each stream that may be open

    private RelayHost(RelayLoop[] loops, ushort port, TurnServerOptions server, RelayHostOptions options)
    {
        _loops = loops;
        Port = port;
        Server = server;
        _room = new SemaphoreSlim(options.MaxStreams);
    }

    public ushort Port { get; }

    /// <summary>Null: no TLS.</summary>
    public ushort? TlsPort { get; private set; }

    /// <summary>As it serves: with the relay addresses and rules that were found at start.</summary>
    public TurnServerOptions Server { get; }

    public int Loops => _loops.Length;

    public int AllocationCount => _loops.Sum(loop => loop.AllocationCount);

    /// <summary>Of each loop; a little old.</summary>
    public IReadOnlyList<TurnCounters> Counters => [.. _loops.Select(loop => loop.Server.Counters)];

    /// <exception cref="RelayHostException">A port is taken, an address is not ours, the options contradict each other.</exception>
    public static RelayHost Start(RelayHostOptions options)
    {
        var listen = options.Listen is [] ? OwnAddresses.ToListenAt() : options.Listen;
        if (listen is []) throw new RelayHostException("This machine has no address to listen at. Name one.");

        bool fast = LinuxEdge.IsSupported && !options.IsPortable;
        int count = options.Loops > 0 ? options.Loops : fast ? Environment.ProcessorCount : 1;
        if (!fast && count > 1) throw new RelayHostException("Several loops need Linux.");

        var server = Complete(options, listen);
        var clock = new Clock(TimeProvider.System);
        var open = new OpenRelays();
        var ledger = new SharedLedger(server.TotalQuota, server.UserQuota);
        var loops = new List<RelayLoop>();
        RelayHost? host = null;
        try
        {
            for (int i = 0; i < count; i++)
                loops.Add(new RelayLoop($"{i}", fast ? new LinuxEdge(options.Linger) : new PortableEdge(), clock, open, ledger, server, options));
            ushort port = Listen(loops, listen, options.Port);
            host = new RelayHost([.. loops], port, server, options);
            host.ListenForStreams(options, listen);
        }
        catch
        {
            foreach (var stream in host?._streams ?? []) stream.Dispose();
            foreach (var loop in loops) loop.Dispose();
            throw;
        }

        foreach (var loop in loops) loop.Start();
        foreach (var stream in host._streams) stream.Start();
        return host;
    }

    /// <summary>No new allocations; ends when the last one has, or at the deadline.</summary>
    public async Task DrainAsync(TimeSpan deadline)
    {
        foreach (var loop in _loops) loop.Drain();
        for (var waited = TimeSpan.Zero; waited < deadline && AllocationCount > 0; waited += DrainPace) await Task.Delay(DrainPace);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams) stream.Dispose();
        foreach (var loop in _loops) loop.Stop();
        foreach (var loop in _loops)
        {
            await ((Task)loop.Ended.WaitAsync(StopDeadline)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (loop.Ended.IsCompleted) loop.Dispose();
        }
    }

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

    private static ushort Listen(List<RelayLoop> loops, IReadOnlyList<IPAddress> addresses, ushort port)
    {
        foreach (var address in addresses)
        {
            for (int i = 0; i < loops.Count; i++)
            {
                var use = i == 0 ? EdgeUse.Listener : EdgeUse.SharedListener;
                var socket = loops[i].Edge.TryOpen(new TransportAddress(address, port), use)
                    ?? throw new RelayHostException($"UDP port {port} on {address} cannot be had: it is in use, needs more rights, or the address is not this machine's.");
                if (i == 0 && loops.Count > 1) LinuxEdge.Share(socket); // the first alone found out whether it is free
                loops[i].AddListener(socket);
                port = socket.Local.Port;
            }
        }

        return port;
    }

    private void ListenForStreams(RelayHostOptions options, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var address in addresses)
        {
            if (options.ListensOnTcp) Add(Port, certificate: null);
            if (options.Certificate is not null) TlsPort = Add(TlsPort ?? options.TlsPort, options.Certificate);

            ushort Add(ushort port, Func<System.Security.Cryptography.X509Certificates.X509Certificate2>? certificate)
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
