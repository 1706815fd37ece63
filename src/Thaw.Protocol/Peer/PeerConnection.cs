using System.Security.Cryptography;
using Thaw.Protocol.Ice;

namespace Thaw.Protocol.Peer;

/// <summary>One WebRTC peer: ICE, DTLS, SRTP, SCTP and SDP composed over a shared UDP port.</summary>
public sealed class PeerConnection : IMachine, IDisposable
{
    public PeerConnection(
        PeerConfig config, IReadOnlyList<Candidate> localCandidates, string ufragPrefix, RandomNumberGenerator random, Instant now)
    {
        LocalCredentials = IceCredentials.Create(random, ufragPrefix);
        _ = (config, localCandidates, now);
    }

    /// <summary>The current generation's; changes when a restart is accepted.</summary>
    public IceCredentials LocalCredentials { get; }

    /// <summary>The negotiated audio, null before the first answer or where the offer had none we speak.</summary>
    public AudioFormat? Audio => throw new NotImplementedException();

    /// <summary>After a terminal event: nothing more comes out.</summary>
    public bool IsClosed => throw new NotImplementedException();

    /// <summary>Takes an offer: the first, a renegotiation or an ICE restart. Never waits for the network.</summary>
    public OfferOutcome Accept(string offer, Instant now) => throw new NotImplementedException();

    /// <summary>Makes the offer of a calling peer: one audio section and one data channel.</summary>
    public string CreateOffer(Instant now) => throw new NotImplementedException();

    /// <summary>Takes the answer to <see cref="CreateOffer"/>. False and unchanged if it is malformed.</summary>
    public bool TryAcceptAnswer(string answer, Instant now, out string error) => throw new NotImplementedException();

    /// <summary>Takes one trickled <c>candidate:…</c> line; empty is end-of-candidates (RFC 8838 §13).</summary>
    /// <returns>False if the line is malformed. Unsupported kinds (TCP, names) are observed and true.</returns>
    public bool AddRemoteCandidate(string line, Instant now) => throw new NotImplementedException();

    /// <summary>Sends one RTP packet; dropped unless DTLS is up and there is a path.</summary>
    public void SendAudio(ReadOnlySpan<byte> payload, uint timestamp, bool marker, Instant now) => throw new NotImplementedException();

    /// <summary>Queues one message. False if the channel is not open or its send buffer is full.</summary>
    public bool TrySendMessage(ushort stream, bool isText, ReadOnlySpan<byte> data, Instant now) => throw new NotImplementedException();

    /// <summary>Says goodbye (SCTP ABORT, DTLS close_notify) and goes silent once that is polled out.</summary>
    public void Close(Instant now) => throw new NotImplementedException();

    public void Receive(in Datagram datagram, Instant now) => throw new NotImplementedException();

    public void Advance(Instant now) => throw new NotImplementedException();

    public Output Poll(Span<byte> buffer, Instant now) => throw new NotImplementedException();

    public void Dispose() { }
}
