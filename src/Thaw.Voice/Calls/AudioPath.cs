using System.Security.Cryptography;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Voice.Audio;

namespace Thaw.Voice.Calls;

/// <summary>
/// One connection's audio between RTP and PCM: where calls meet codecs. A reconnect makes a new one, because codec and
/// jitter buffer state belong to the stream. The network loop calls <see cref="Receive"/>, the audio clock the rest.
/// </summary>
internal sealed class AudioPath : IDisposable
{
    private const int MaxPayload = 1275; // RFC 6716 §3.4: Opus's largest frame

    private readonly ICallPeer _peer;
    private readonly byte _payloadType;
    private readonly Clock _clock;
    private readonly ArrivedPackets _arrived = new();
    private readonly AudioPlayout _playout;
    private readonly AudioEncoder _encoder;
    private readonly byte[] _payload = new byte[MaxPayload];
    private uint _timestamp = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)); // RFC 3550 §5.1: random start
    private bool _started;

    public AudioPath(ICallPeer peer, AudioFormat format, int sampleRate, AudioCodecs codecs, Clock clock)
    {
        (_peer, _payloadType, _clock) = (peer, format.PayloadType, clock);
        _playout = new(codecs.CreateDecoder(format.Codec, sampleRate));
        _encoder = codecs.CreateEncoder(format.Codec, sampleRate);
    }

    /// <summary>Takes one packet from the network loop.</summary>
    public void Receive(in MediaPacket packet, ReadOnlySpan<byte> payload)
    {
        if (packet.PayloadType == _payloadType) _arrived.TryAdd(packet, payload, _clock.Now);
    }

    /// <summary>Fills the agent's next 20 ms: what was heard, or silence.</summary>
    public void Hear(Span<short> frame)
    {
        var arrived = _arrived.Take();
        for (int i = 0; i < arrived.Count; i++)
            _playout.TryInsert(arrived.PacketAt(i), arrived.PayloadAt(i), arrived.ArrivalAt(i));
        _playout.Read(frame, _clock.Now);
    }

    /// <summary>Sends the agent's next 20 ms; silence too, because the client's track only starts with RTP.</summary>
    public void Say(ReadOnlySpan<short> frame)
    {
        int length = _encoder.Encode(frame, _payload);
        _peer.TrySendAudio(_payload.AsSpan(0, length), _timestamp, marker: !_started); // RFC 3551 §4.1: first of a talkspurt
        _started = true;
        _timestamp += _encoder.FrameTicks;
    }

    public void Dispose()
    {
        _playout.Dispose();
        _encoder.Dispose();
    }
}
