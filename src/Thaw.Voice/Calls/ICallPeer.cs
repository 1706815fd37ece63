using Thaw.Net;
using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>Where calls get their peer connections: the socket loops, or a script in tests.</summary>
internal interface ICallPeers
{
    /// <param name="offer">Whose sender it is for; negotiating is another step.</param>
    ValueTask<ICallPeer> OpenAsync(Offer offer, IPeerListener listener, CancellationToken cancel);
}

/// <summary>One peer connection as a call sees it. All members may be called from any thread.</summary>
internal interface ICallPeer
{
    ValueTask<Acceptance> AcceptAsync(string offer, CancellationToken cancel);

    /// <summary>Posts trickled lines without waiting for what becomes of them.</summary>
    void AddCandidates(IReadOnlyList<string> lines);

    /// <summary>False if the channel's send buffer is full or the channel is not open.</summary>
    ValueTask<bool> TrySendMessageAsync(ushort stream, bool isText, ReadOnlyMemory<byte> content, CancellationToken cancel);

    bool TrySendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker);

    void Close();
}

/// <param name="Audio">What was negotiated, null where the offer has no audio that we speak.</param>
internal readonly record struct Acceptance(OfferOutcome Outcome, AudioFormat? Audio);
