using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>How far a connection has come. Each stage has a deadline inside the peer connection.</summary>
internal enum LinkStage { Answered, PathFound, Encrypted, Complete }

/// <summary>One peer connection of a call. The network loop calls the listener members; the call owns the rest.</summary>
internal sealed class CallLink(Call call, string pcId, string? remoteUfrag, bool isRestart) : IPeerListener
{
    private PeerEvent? _missed;
    private volatile string? _verdict;
    private volatile bool _spokeLate;
    private AudioPath? _receiving;
    private AudioFormat? _returning;

    public Call Call { get; } = call;
    public string PcId { get; } = pcId;
    public bool IsRestart { get; } = isRestart;

    /// <summary>Read by other threads to route candidates; a renegotiation may change it.</summary>
    public string? RemoteUfrag { get; set; } = remoteUfrag;

    public ICallPeer? Peer { get; set; }
    public LinkStage Stage { get; set; }
    public PeerEvent.Failed? Failure { get; set; }

    /// <summary>Why the attempt failed, in words for the client. Read by the threads that answer its requests.</summary>
    public string? Verdict { get => _verdict; set => _verdict = value; }

    /// <summary>The client had more to say when the attempt was over: it is there, and slower than its budget.</summary>
    public bool SpokeLate { get => _spokeLate; set => _spokeLate = value; }

    /// <summary>Where the latest offer came from.</summary>
    public string? Caller { get; set; }

    /// <summary>Closed by either side or failed: only its identifiers still mean something.</summary>
    public bool IsOver { get; set; }

    /// <summary>The stream of the channel that the client opened as "chat".</summary>
    public ushort? Chat { get; set; }

    public AudioFormat? Format { get; set; }

    /// <summary>The latest offer and its answer, for an offer that is posted twice.</summary>
    public Exchange? Last { get; set; }

    /// <summary>From now on what arrives is heard.</summary>
    public void Listen(AudioPath path) => Volatile.Write(ref _receiving, path);

    /// <summary>From now on what arrives goes straight back.</summary>
    public void Return(AudioFormat format) => Volatile.Write(ref _returning, format);

    public void Close()
    {
        IsOver = true;
        Peer?.Close();
    }

    /// <summary>A terminal event that found the mailbox full.</summary>
    public PeerEvent? TakeMissed() => Interlocked.Exchange(ref _missed, null);

    void IPeerListener.OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now)
    {
        if (Volatile.Read(ref _receiving) is { } path) path.Receive(packet, payload);
        else if (Volatile.Read(ref _returning)?.PayloadType == packet.PayloadType) Peer!.TrySendAudio(payload, packet.Timestamp, packet.Marker);
    }

    void IPeerListener.OnEvent(PeerEvent e, Instant now)
    {
        if (e is PeerEvent.ChannelMessage message) Call.PostMessage(this, message);
        else if (!Call.Post(new CallInput.FromPeer(this, e)) && e is PeerEvent.Failed or PeerEvent.Closed)
            Volatile.Write(ref _missed, e);
    }

    void IPeerListener.OnObservation(Observation o, Instant now)
    {
        if (o is Observation.FirstMediaMissing missing) Call.Post(new CallInput.Silent(this, missing));
    }

    internal sealed record Exchange(string Offer, OfferResult.Answered Answer);
}
