using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Net;

/// <summary>
/// Hears what one session has to say. Called on its loop, which every other session of that loop waits for:
/// must not block. Spans are lent for the call. An exception ends this session and no other.
/// </summary>
public interface IPeerListener
{
    void OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now);
    void OnEvent(PeerEvent e, Instant now);
    void OnObservation(Observation o, Instant now);
}
