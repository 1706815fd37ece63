using System.IO.Pipelines;
using System.Net;
using Thaw.Net.Loop;
using Thaw.Protocol;
using Thaw.Protocol.Ice;

namespace Thaw.Net;

/// <summary>Many peer connections on one UDP port and, if wanted, one TCP port.</summary>
public sealed class PeerHost : IAsyncDisposable
{
    private readonly SharedPort _port;

    private PeerHost(SharedPort port) => _port = port;

    /// <exception cref="PeerHostException">The port is taken, or there is no address to listen on.</exception>
    public static PeerHost Open(PeerHostOptions options, TimeProvider time) => new(SharedPort.Open(options, new Clock(time)));

    /// <summary>What an answer may name now, best first, loopback ones included; the set changes as interfaces come and go.</summary>
    public IReadOnlyList<Candidate> LocalCandidates => _port.Candidates;

    /// <summary>Every announced name has been looked up once; what is not found then is in <see cref="UnknownNames"/>. Takes three seconds at most.</summary>
    public Task NamesSettled => _port.Announced.Settled;

    /// <summary>Names of <see cref="PeerHostOptions.Announce"/> that no look-up has found yet; they are looked up again and again.</summary>
    public IReadOnlyList<string> UnknownNames => _port.Announced.Unknown;

    public int UdpPort => _port.UdpPort;

    /// <summary>Null where nothing listens for TCP.</summary>
    public int? TcpPort => _port.TcpPort;

    /// <summary>
    /// Completes when every ICE server has told its addresses, failed or been silent once, after 5 s in any case. Nobody has
    /// to wait: candidates that come later are in later answers.
    /// </summary>
    public Task GatheringSettled => _port.GatheringSettled;

    /// <summary>
    /// These are the ICE servers from now on. One that is listed again keeps what it has gathered; another credential is used
    /// from its next allocation on.
    /// </summary>
    /// <exception cref="PeerHostException">One of them cannot be read.</exception>
    public void SetIceServers(IReadOnlyList<Gathering.IceServer> servers) => _port.SetIceServers(servers);

    public PeerHostStatistics Statistics => _port.Statistics;

    public Instant Now => _port.Clock.Now;

    /// <summary>Ends when the host is disposed; faulted if a loop died, after which this host should be replaced.</summary>
    public Task Completion => _port.Completion;

    /// <summary>Makes a peer connection on the least busy loop.</summary>
    /// <exception cref="PeerHostException">The host has stopped or is full.</exception>
    public async ValueTask<PeerHandle> AddAsync(PeerFactory create, IPeerListener listener, CancellationToken cancel)
    {
        var session = await _port.AddAsync((seat, now) => new HostedPeerConnection(create(seat, now)), listener, cancel);
        return new PeerHandle(session, ((HostedPeerConnection)session.Peer).Peer);
    }

    /// <summary>
    /// Serves a TCP connection that somebody else has accepted on an address of this host and whose first byte is a frame's
    /// (RFC 4571). Completes when the connection is over, at once if there are too many; the caller closes it then.
    /// </summary>
    public Task AcceptStreamAsync(IDuplexPipe transport, IPEndPoint local, IPEndPoint remote)
        => _port.AcceptStreamAsync(transport, local, remote);

    /// <summary>Closes every session with a goodbye, then the sockets. Takes at most a second.</summary>
    public ValueTask DisposeAsync() => _port.DisposeAsync();
}
