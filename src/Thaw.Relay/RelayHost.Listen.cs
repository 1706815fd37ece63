using System.Net;
using System.Runtime.CompilerServices;
using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay.Dtls;
using Thaw.Relay.Loop;
using Thaw.Relay.Streams;
using Thaw.Relay.Udp;

namespace Thaw.Relay;

public sealed partial class RelayHost
{
    private const ushort LeastUserPort = 1024; // of which no rule says anything
    private const int MaxDtlsThreads = 64; // handshakes that compute at once, in all loops

    // A first handshake has half a second of code to compile, in which its loop would relay nothing. Once a process.
    private static readonly Lazy<Task> Warm = new(() => Task.Run(() =>
    {
        using var both = new BouncyCastleDtls();
        both.WarmUp();
    }));

    private DtlsAcceptor? _dtls;

    /// <summary>Null: no DTLS.</summary>
    public ushort? DtlsPort { get; private set; }

    /// <summary>Sessions over DTLS, those in a handshake included; a little old.</summary>
    public int DtlsSessions => _loops.Sum(loop => loop.DtlsSessions);

    /// <summary>What answers NAT behaviour discovery.</summary>
    public IReadOnlyList<BehaviourAddresses> Behaviour { get; private set; } = [];

    private static ushort Listen(IReadOnlyList<RelayLoop> loops, IReadOnlyList<IPAddress> addresses, ushort port, string otherwise, Action<RelayLoop, EdgeSocket> add)
    {
        foreach (var address in addresses)
        {
            for (int i = 0; i < loops.Count; i++)
            {
                var use = i == 0 ? EdgeUse.Listener : EdgeUse.SharedListener;
                var socket = loops[i].Edge.TryOpen(new TransportAddress(address, port), use)
                    ?? throw new RelayHostException($"UDP port {port} on {address} cannot be had: it is in use, needs more rights, or the address is not this machine's.{otherwise}");
                if (i == 0 && loops.Count > 1) LinuxEdge.Share(socket); // the first alone found out whether it is free
                add(loops[i], socket);
                port = socket.Local.Port;
            }
        }

        return port;
    }

    private void ListenForDtls(RelayHostOptions options, CertificateSource certificate, IReadOnlyList<IPAddress> addresses)
    {
        if (RuntimeFeature.IsDynamicCodeCompiled) _ = Warm.Value;
        _dtls = new DtlsAcceptor(new DtlsOptions { MaxHandshakes = MaxDtlsThreads, MaxPlainRecord = DtlsClients.MaxRecord }, Alpn.OverDatagrams);
        int limit = Math.Max(1, options.MaxDtlsSessions / _loops.Length);
        DtlsPort = Listen(_loops, addresses, TlsPort!.Value, " Without it: --no-dtls.",
            (loop, socket) => loop.AddDtlsListener(socket, _dtls, certificate.ForDtls, limit));
    }

    // Every loop gets all four sockets of a family: it answers from another than the request came to.
    private void ListenForBehaviour(RelayHostOptions options, IReadOnlyList<IPAddress> addresses)
    {
        IPAddress[][] families =
        [
            .. addresses.GroupBy(address => address.AddressFamily)
                .Where(family => !options.ExternalAddresses.Any(external => external.AddressFamily == family.Key)) // what they are told would not be true
                .Select(family => Pair([.. family], areChosen: options.Listen is not [])),
        ];
        if (families is []) throw new RelayHostException("NAT behaviour discovery needs public addresses on this machine itself: it cannot serve behind --external-ip.");

        ushort alternate = Listen(_loops, [.. families.SelectMany(family => family)], options.BehaviourPort!.Value, " Choose another --behaviour-port.",
            (loop, socket) => loop.AddListener(socket));
        Behaviour = [.. families.Select(family => new BehaviourAddresses(new TransportAddress(family[0], Port), new TransportAddress(family[^1], alternate)))];
        foreach (var loop in _loops) loop.Server.Behaviour = Behaviour;
    }

    /// <summary>
    /// The first two, if somebody chose them. Of all that the machine has, two public ones: a client that is told to ask a
    /// container bridge as well finds an address that answers nobody, and takes it for its NAT's doing.
    /// </summary>
    private static IPAddress[] Pair(IPAddress[] family, bool areChosen)
    {
        if (areChosen) return family[..Math.Min(2, family.Length)];
        IPAddress[] open = [.. family.Where(address => PeerPolicy.Public.Judge(new TransportAddress(address, LeastUserPort)) is null)];
        return open is [] ? family[..1] : open[..Math.Min(2, open.Length)];
    }
}
