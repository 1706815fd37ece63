using Thaw.Protocol;

namespace Thaw.Voice.Calls;

/// <summary>
/// RTP from the network loop to the audio clock. The loop only ever waits for a copy of a few hundred bytes, never for a
/// decoder: the reader swaps the two halves and then works on its own.
/// </summary>
internal sealed class ArrivedPackets
{
    private const int MaxPackets = 64;   // over a second's worth, should the reader stall
    private const int MaxBytes = 8192;   // 51 of G.711, more of Opus

    private readonly Lock _gate = new();
    private Half _filling = new(), _reading = new();

    /// <summary>False if the reader has stalled: then the packet counts as lost.</summary>
    public bool TryAdd(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now)
    {
        lock (_gate) return _filling.TryAdd(packet, payload, now);
    }

    /// <summary>What has arrived since the last call; valid until the next.</summary>
    public Half Take()
    {
        lock (_gate)
        {
            (_filling, _reading) = (_reading, _filling);
            _filling.Clear();
            return _reading;
        }
    }

    internal sealed class Half
    {
        private readonly (MediaPacket Packet, Instant At, int End)[] _packets = new (MediaPacket, Instant, int)[MaxPackets];
        private readonly byte[] _bytes = new byte[MaxBytes];
        private int _used;

        public int Count { get; private set; }

        public MediaPacket PacketAt(int i) => _packets[i].Packet;

        public Instant ArrivalAt(int i) => _packets[i].At;

        public ReadOnlySpan<byte> PayloadAt(int i) => _bytes.AsSpan((i == 0 ? 0 : _packets[i - 1].End).._packets[i].End);

        public bool TryAdd(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now)
        {
            if (Count == MaxPackets || payload.Length > MaxBytes - _used) return false;

            payload.CopyTo(_bytes.AsSpan(_used));
            _packets[Count++] = (packet, now, _used += payload.Length);
            return true;
        }

        public void Clear() => Count = _used = 0;
    }
}
