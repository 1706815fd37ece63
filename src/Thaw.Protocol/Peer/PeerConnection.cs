using System.Security.Cryptography;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Sctp;

namespace Thaw.Protocol.Peer;

/// <summary>
/// One WebRTC peer: ICE, DTLS, SRTP, SCTP and SDP composed over a shared UDP port. Usually the answering side.
/// </summary>
/// <remarks>
/// The stages of an attempt, each with its part of the <see cref="ConnectBudget"/>: candidates, checks (an <see cref="IceAgent"/>
/// finds a usable pair), DTLS (keys), data channel (SCTP over DTLS). Media flows from the keys on.
/// </remarks>
public sealed partial class PeerConnection : IMachine, IDisposable
{
    private enum Timer { Answer, Candidates, Checks, Attempt, Channel, Recovery, FirstMedia } // DTLS keeps its deadline itself

    private readonly PeerConfig _config;
    private IReadOnlyList<Candidate> _localCandidates;
    private readonly string _ufragPrefix;
    private readonly RandomNumberGenerator _random;
    private readonly Queue<object> _outputs = [];
    private readonly IceAgent _ice;
    private readonly AudioStream _audio;
    private Timers<Timer> _timers = new();
    private IDtlsEngine? _dtls;
    private DataChannels? _channels;
    private bool _isDtlsStarted, _isEncrypted, _isDtlsCloseDue;
    private Lifecycle _lifecycle = Lifecycle.Open;
    private PeerEvent? _last; // said when the goodbye is out

    /// <param name="localCandidates">All there are: the answer carries them, nothing is trickled.</param>
    /// <param name="ufragPrefix">Leads every username fragment of this connection; a host routes by it.</param>
    /// <param name="role">Controlling for the side that makes the offer (RFC 8445 §6.1.1).</param>
    public PeerConnection(
        PeerConfig config, IReadOnlyList<Candidate> localCandidates, string ufragPrefix, RandomNumberGenerator random, Instant now,
        IceRole role = IceRole.Controlled)
    {
        _config = config;
        _localCandidates = localCandidates;
        _ufragPrefix = ufragPrefix;
        _random = random;
        _ice = new IceAgent(role, IceCredentials.Create(random, ufragPrefix), random, now);
        _audio = new AudioStream(random, now);
        foreach (var candidate in localCandidates) _ice.AddLocalCandidate(candidate, now);
    }

    private enum Lifecycle { Open, Closing, Closed }

    /// <summary>The current generation's; changes when a restart is accepted.</summary>
    public IceCredentials LocalCredentials => _ice.Local;

    /// <summary>The negotiated audio, null before the first answer or where the offer had none we speak.</summary>
    public AudioFormat? Audio => _audio.Format;

    /// <summary>After a terminal event or <see cref="Close"/>: nothing more comes out.</summary>
    public bool IsClosed => _lifecycle == Lifecycle.Closed;

    /// <summary>Sends one RTP packet; dropped unless a codec is agreed, DTLS is up and there is a path.</summary>
    public void SendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now)
    {
        if (_lifecycle == Lifecycle.Open) _audio.Send(payload, timestamp, marker, now);
    }

    /// <summary>How IPv4 is reached from here, where there is none: the other side's IPv4 candidates are tried that way too.</summary>
    public Nat64Prefix? Nat64 { get; init; }

    /// <summary>The other side will probably come from this IP address (see <see cref="IceAgent.Expect"/>). The port does not matter.</summary>
    public void Expect(TransportAddress peer, Instant now)
    {
        if (_lifecycle == Lifecycle.Open) _ice.Expect(peer, now);
    }

    /// <summary>Opens a reliable, ordered channel; <see cref="PeerEvent.ChannelOpened"/> follows when the peer has accepted it.</summary>
    /// <exception cref="InvalidOperationException">Nothing has been negotiated, or no data channels.</exception>
    public ushort OpenChannel(string label, Instant now)
        => (_channels ?? throw new InvalidOperationException("No data channels have been negotiated.")).Open(label, "", default, now);

    /// <summary>Queues one message. False if the channel is not open or its send buffer is full.</summary>
    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data, Instant now)
        => _lifecycle == Lifecycle.Open && _channels is not null && _channels.TrySend(stream, isText, data, now);

    /// <summary>What the host knows by now: the next answer names these, and new ones are checked at once.</summary>
    public void UpdateLocalCandidates(IReadOnlyList<Candidate> candidates, Instant now)
    {
        if (_lifecycle != Lifecycle.Open) return;
        var known = _localCandidates;
        _localCandidates = candidates;
        foreach (var candidate in candidates.ExceptBy(known.Select(EndsOf), EndsOf)) _ice.AddLocalCandidate(candidate, now);
    }

    private static (TransportAddress, TransportAddress) EndsOf(Candidate candidate) => (candidate.Address, candidate.Base);

    /// <summary>The TCP connection between these two has closed.</summary>
    public void PathClosed(TransportAddress localBase, TransportAddress remote, Instant now)
    {
        if (_lifecycle == Lifecycle.Open) _ice.PathClosed(localBase, remote, now);
    }

    /// <summary>Says goodbye (SCTP ABORT, DTLS close_notify) and goes silent once that is polled out.</summary>
    public void Close(Instant now) => SayGoodbye("closed by the application", null, now);

    public void Advance(Instant now)
    {
        if (_lifecycle != Lifecycle.Open) return;
        _ice.Advance(now);
        _dtls?.Advance(now);
        _channels?.Advance(now);
        CheckDeadlines(now);
    }

    public void Dispose()
    {
        _lifecycle = Lifecycle.Closed;
        _dtls?.Dispose();
        _audio.Dispose();
    }

    private void SayGoodbye(string reason, PeerEvent? last, Instant now)
    {
        if (_lifecycle != Lifecycle.Open) return;
        _lifecycle = Lifecycle.Closing;
        _last = last;
        _channels?.Abort(reason, now);
        _isDtlsCloseDue = true;
    }

    private void PeerLeft() => End(_lifecycle == Lifecycle.Closing ? _last : new PeerEvent.Closed());

    private void End(PeerEvent? last)
    {
        if (_lifecycle == Lifecycle.Closed) return;
        _lifecycle = Lifecycle.Closed;
        if (last is not null) _outputs.Enqueue(last);
        _dtls?.Dispose();
        _dtls = null;
        _channels = null;
    }
}
