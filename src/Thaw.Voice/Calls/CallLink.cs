using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>How far a connection has come. Each stage has a deadline inside the peer connection.</summary>
internal enum LinkStage { Answered, PathFound, Encrypted, Complete }

/// <summary>One peer connection of a call. The network loop calls the listener members; the call owns the rest.</summary>
internal sealed class CallLink(Call call, string pcId, string? remoteUfrag, bool isRestart) : IPeerListener
{
    private long _packetsHeard;
    private PeerEvent? _missed;
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

    /// <summary>Closed by either side or failed: only its identifiers still mean something.</summary>
    public bool IsOver { get; set; }

    /// <summary>The stream of the channel that the client opened as "chat".</summary>
    public ushort? Chat { get; set; }

    public AudioFormat? Format { get; set; }

    /// <summary>The latest offer and its answer, for an offer that is posted twice.</summary>
    public Exchange? Last { get; set; }

    /// <summary>
    /// More than the few packets that leave before a client's clean-up stops the shared microphone track; fewer than ten
    /// seconds of Opus with discontinuous transmission, which is a packet every 400 ms.
    /// </summary>
    public bool HasHeardAudio => Volatile.Read(ref _packetsHeard) > 15;

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
        Volatile.Write(ref _packetsHeard, _packetsHeard + 1); // one writer: the loop
        if (Volatile.Read(ref _receiving) is { } path) path.Receive(packet, payload);
        else if (Volatile.Read(ref _returning)?.PayloadType == packet.PayloadType) Peer!.TrySendAudio(payload, packet.Timestamp, packet.Marker);
    }

    void IPeerListener.OnEvent(PeerEvent e, Instant now)
    {
        if (e is PeerEvent.ChannelMessage message) Call.PostMessage(this, message);
        else if (!Call.Post(new CallInput.FromPeer(this, e)) && e is PeerEvent.Failed or PeerEvent.Closed)
            Volatile.Write(ref _missed, e);
    }

    void IPeerListener.OnObservation(Observation o, Instant now) { }

    internal sealed record Exchange(string Offer, OfferResult.Answered Answer);
}
