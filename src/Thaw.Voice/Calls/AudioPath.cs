using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Thaw.Voice.Audio;

namespace Thaw.Voice.Calls;

/// <summary>
/// One connection's audio between RTP and PCM: the only file that knows codecs. A reconnect makes a new one, because
/// codec state belongs to the stream. <see cref="Receive"/> is called by the network loop, the rest by the audio clock.
/// </summary>
internal sealed class AudioPath : IDisposable
{
    private const int MaxPayload = 1200;

    private readonly ICallPeer _peer;
    private readonly AudioFormat _format;
    private readonly AgentAudio _form;
    private readonly Lock _gate = new();
    private readonly G711 _codec;
    private readonly int _ratio;
    private readonly short[] _heard = new short[8000 / 4];
    private readonly short[] _narrow = new short[160];
    private readonly byte[] _payload = new byte[MaxPayload];
    private int _first, _count;
    private bool _primed, _started;
    private uint _timestamp = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)); // RFC 3550 §5.1: random start

    public AudioPath(ICallPeer peer, AudioFormat format, AgentAudio form)
    {
        (_peer, _format, _form) = (peer, format, form);
        _codec = new G711(aLaw: format.Codec == "PCMA");
        _ratio = form is AgentAudio.Mono48kHz ? 6 : 2;
    }

    public static IReadOnlyList<string> Codecs => AudioCodecs.Available();

    /// <summary>Takes one packet from the network loop: never waits, never allocates.</summary>
    public void Receive(in MediaPacket packet, ReadOnlySpan<byte> payload)
    {
        if (packet.PayloadType != _format.PayloadType) return;
        if (_form is AgentAudio.Loopback)
        {
            _peer.TrySendAudio(payload, packet.Timestamp, packet.Marker);
            return;
        }

        lock (_gate)
        {
            if (payload.Length > _heard.Length - _count) return;
            Span<short> decoded = stackalloc short[Math.Min(payload.Length, MaxPayload)];
            _codec.Decode(payload[..decoded.Length], decoded);
            foreach (short sample in decoded) _heard[(_first + _count++) % _heard.Length] = sample;
        }
    }

    /// <summary>Fills the agent's next 20 ms: what was heard, or silence.</summary>
    public void Hear(Span<short> frame)
    {
        frame.Clear();
        lock (_gate)
        {
            int needed = frame.Length / _ratio;
            if (!_primed && _count < 2 * needed) return;
            _primed = _count >= needed;
            if (!_primed) return;

            for (int i = 0; i < needed; i++, _count--, _first = (_first + 1) % _heard.Length)
                frame.Slice(i * _ratio, _ratio).Fill(_heard[_first]);
        }
    }

    /// <summary>Sends the agent's next 20 ms.</summary>
    public void Say(ReadOnlySpan<short> frame)
    {
        for (int i = 0; i < _narrow.Length; i++) _narrow[i] = frame[i * _ratio];
        _codec.Encode(_narrow, _payload);
        _peer.TrySendAudio(_payload.AsSpan(0, _narrow.Length), _timestamp, marker: !_started); // RFC 3551 §4.1: first of a talkspurt
        _started = true;
        _timestamp += (uint)(_format.ClockRate / 50);
    }

    public void Dispose() { }
}
