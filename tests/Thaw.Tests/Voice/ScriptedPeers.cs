using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Voice.Calls;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>Peer connections that do what a test says.</summary>
internal sealed class ScriptedPeers : ICallPeers
{
    private readonly List<ScriptedPeer> _opened = [];

    public static readonly AudioFormat Pcmu = new(0, "PCMU", 8000, 1);

    /// <summary>What becomes of an offer; by default it is answered.</summary>
    public Func<ScriptedPeer, string, CancellationToken, ValueTask<Acceptance>> Accept { get; set; }
        = (peer, offer, _) => new(new Acceptance(new OfferOutcome.Answered($"answer {peer.Offers.Count} by {peer.Number} a=candidate:1"), Pcmu));

    public IReadOnlyList<ScriptedPeer> Opened { get { lock (_opened) return [.. _opened]; } }

    /// <summary>Lets go of the peers, and with them of the calls that listen to them.</summary>
    public void Forget()
    {
        lock (_opened) _opened.Clear();
    }

    public ScriptedPeer Latest => Opened[^1];

    public ValueTask<ICallPeer> OpenAsync(Offer offer, IPeerListener listener, CancellationToken cancel)
    {
        lock (_opened)
        {
            var peer = new ScriptedPeer(this, _opened.Count, offer.Nearby, listener);
            _opened.Add(peer);
            return new(peer);
        }
    }
}

internal sealed class ScriptedPeer(ScriptedPeers owner, int number, bool nearby, IPeerListener listener) : ICallPeer
{
    private static readonly Candidate Anywhere = new(CandidateType.Host, default, default, 1, "1");

    private readonly Channel<(ushort Stream, bool IsText, byte[] Content)> _sent = Channel.CreateUnbounded<(ushort, bool, byte[])>();

    public int Number { get; } = number;
    public bool Nearby { get; } = nearby;
    public ConcurrentQueue<string> Offers { get; } = new();
    public ConcurrentQueue<string> Candidates { get; } = new();
    public TaskCompletionSource Closing { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public bool IsClosed => Closing.Task.IsCompleted;
    public int AudioPackets;
    public byte[] LastAudio { get; } = new byte[1500];
    public Func<bool> SendBufferHasRoom { get; set; } = () => true;

    public ValueTask<Acceptance> AcceptAsync(string offer, CancellationToken cancel)
    {
        Offers.Enqueue(offer);
        return owner.Accept(this, offer, cancel);
    }

    public void AddCandidates(IReadOnlyList<string> lines)
    {
        foreach (string line in lines) Candidates.Enqueue(line);
    }

    public ValueTask<bool> TrySendMessageAsync(ushort stream, bool isText, ReadOnlyMemory<byte> content, CancellationToken cancel)
        => new(SendBufferHasRoom() && _sent.Writer.TryWrite((stream, isText, content.ToArray())));

    public bool TrySendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker)
    {
        payload.CopyTo(LastAudio);
        Interlocked.Increment(ref AudioPackets);
        return true;
    }

    public void Close() => Closing.TrySetResult();

    public void Raise(PeerEvent e) => listener.OnEvent(e, default);

    public void Notice(Observation o) => listener.OnObservation(o, default);

    public void Hear(in MediaPacket packet, ReadOnlySpan<byte> payload) => listener.OnMedia(packet, payload, default);

    public void FindPath() => Raise(new PeerEvent.PathSelected(Anywhere, Anywhere));

    public void Connect()
    {
        FindPath();
        Raise(new PeerEvent.Connected());
        Raise(new PeerEvent.ChannelOpened(1, "chat", ""));
    }

    public void Say(string text, ushort stream = 1) => Raise(new PeerEvent.ChannelMessage(stream, true, Encoding.UTF8.GetBytes(text)));

    public void Say(byte[] content, ushort stream = 1) => Raise(new PeerEvent.ChannelMessage(stream, false, content));

    /// <summary>The next message that reached the client.</summary>
    public async Task<string> HeardAsync() => Encoding.UTF8.GetString((await HeardRawAsync()).Content);

    public async Task<(ushort Stream, bool IsText, byte[] Content)> HeardRawAsync()
        => await _sent.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
}
