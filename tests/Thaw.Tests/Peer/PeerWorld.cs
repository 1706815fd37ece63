using System.Text;
using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Peer;

/// <summary>A caller and a server, both the real thing down to DTLS, in a simulated network.</summary>
internal sealed class PeerWorld : IDisposable
{
    private static readonly TransportAddress CallerAt = Address("192.0.2.10", 50_000), ServerAt = Address("198.51.100.20", 7860);

    private readonly BouncyCastleDtls _callerDtls = new(), _serverDtls = new();

    public PeerWorld(int seed = 1, Func<PeerConfig, PeerConfig>? server = null, Func<PeerConfig, PeerConfig>? caller = null)
    {
        Net = new Simulation(seed);
        Caller = Add("caller", CallerAt, IceRole.Controlling, Configure(_callerDtls, caller));
        Server = Add("server", ServerAt, IceRole.Controlled, Configure(_serverDtls, server));
    }

    public Simulation Net { get; }
    public Endpoint<PeerConnection> Caller { get; }
    public Endpoint<PeerConnection> Server { get; }
    public ushort Channel { get; private set; }
    public BouncyCastleDtls ServerDtls => _serverDtls;

    public static TransportAddress Address(string address, int port) => TransportAddress.TryParse(address, port, out var parsed) ? parsed : throw new FormatException();

    public string Offer(bool restartIce = false)
    {
        string offer = "";
        Caller.Do((peer, now) => offer = peer.CreateOffer(now, restartIce));
        return offer;
    }

    public string Answer(string offer)
    {
        OfferOutcome? outcome = null;
        Server.Do((peer, now) => outcome = peer.Accept(offer, now));
        return Assert.IsType<OfferOutcome.Answered>(outcome).Sdp;
    }

    /// <summary>The server answers, the caller accepts.</summary>
    public void Accept(string offer)
    {
        string answer = Answer(offer);
        Caller.Do((peer, now) => Assert.True(peer.TryAcceptAnswer(answer, now, out string error), error));
    }

    public void Restart() => Accept(Offer(restartIce: true));

    /// <summary>Offer, answer, and the caller's data channel.</summary>
    public PeerWorld Dial()
    {
        Accept(Offer());
        Caller.Do((peer, now) => Channel = peer.OpenChannel("chat", now));
        return this;
    }

    public PeerWorld Connect()
    {
        Dial();
        Net.RunUntil(() => Caller.Of<PeerEvent.ChannelOpened>().Any() && Server.Of<PeerEvent.ChannelOpened>().Any(), TimeSpan.FromSeconds(15));
        return this;
    }

    public void Run(double seconds) => Net.RunFor(TimeSpan.FromSeconds(seconds));

    /// <summary>A message from the caller.</summary>
    public void Say(string text) => Caller.Do((peer, now) => Assert.True(peer.TrySendMessage(Channel, true, Encoding.UTF8.GetBytes(text), now)));

    /// <summary>Everything that ended either side.</summary>
    public IEnumerable<PeerEvent> Terminal()
        => new[] { Caller, Server }.SelectMany(side => side.Of<PeerEvent>()).Where(e => e is PeerEvent.Failed or PeerEvent.Closed);

    public static void Say(Endpoint<PeerConnection> speaker, byte[] payload, uint timestamp) => speaker.Do((peer, now) => peer.SendAudio(payload, timestamp, false, now));

    public static IEnumerable<byte[]> Heard(Endpoint<PeerConnection> listener) => listener.Seen.Where(s => s.Kind == OutputKind.Media).Select(s => s.Payload);

    public void Dispose()
    {
        Caller.Machine.Dispose();
        Server.Machine.Dispose();
        _callerDtls.Dispose();
        _serverDtls.Dispose();
    }

    private Endpoint<PeerConnection> Add(string name, TransportAddress at, IceRole role, PeerConfig config)
        => Net.Add(name, new PeerConnection(config, [new(CandidateType.Host, at, at, 2_130_706_431, "1")], name[..1], Net.NewRandom(), Net.Now, role), at);

    private static PeerConfig Configure(BouncyCastleDtls dtls, Func<PeerConfig, PeerConfig>? change)
    {
        var config = new PeerConfig { Dtls = dtls, AudioCodecs = ["PCMU"] };
        return change?.Invoke(config) ?? config;
    }
}
