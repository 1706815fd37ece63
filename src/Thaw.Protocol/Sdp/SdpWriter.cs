using System.Text;

namespace Thaw.Protocol.Sdp;

/// <summary>The lines that offer and answer have in common, in the order of RFC 8829 §5.2.1.</summary>
internal sealed class SdpWriter
{
    private readonly StringBuilder _text = new(4096);
    private readonly LocalTransport _transport;

    public SdpWriter(SessionOrigin origin, LocalTransport transport)
    {
        // A browser that is given no candidate stays "new" for ever and tells nobody.
        if (transport.Candidates.Count == 0) throw new ArgumentException("A description without a candidate.", nameof(transport));

        _transport = transport;
        Line("v=0");
        Line($"o=- {origin.Id} {origin.Version} IN IP4 0.0.0.0");
        Line("s=-");
        Line("t=0 0");
    }

    public void Line(string line) => _text.Append(line).Append("\r\n"); // RFC 8866 §5

    public void Bundle(IEnumerable<string> mids) => Line($"a=group:BUNDLE {string.Join(' ', mids)}");

    /// <param name="port">9 stands for "see the candidates", 0 for rejected (RFC 8829 §5.2.1, RFC 3264 §6).</param>
    public void Media(string kind, int port, string protocol, string formats, string? mid)
    {
        Line($"m={kind} {port} {protocol} {formats}");
        Line("c=IN IP4 0.0.0.0");
        if (mid is not null) Line($"a=mid:{mid}");
    }

    /// <summary>ICE and DTLS, whole in every section: bundled sections share them, and no peer minds reading them twice.</summary>
    public void Transport(SetupRole setup)
    {
        Line($"a=ice-ufrag:{_transport.Ufrag}");
        Line($"a=ice-pwd:{_transport.Password}");
        Line($"a=fingerprint:{_transport.Fingerprint}");
        Line(setup switch
        {
            SetupRole.ActPass => "a=setup:actpass",
            SetupRole.Active => "a=setup:active",
            SetupRole.Passive => "a=setup:passive",
            _ => throw new ArgumentException("WebRTC has no held connections (RFC 8842 §5.2)."),
        });

        foreach (var candidate in _transport.Candidates) Line($"a={candidate.Write()}");
        Line("a=end-of-candidates"); // RFC 8840 §4.4
    }

    public void Payload(int payloadType, string codec, int clockRate, int channels)
    {
        Line($"a=rtpmap:{payloadType} {codec}/{clockRate}{(channels > 1 ? $"/{channels}" : "")}");
        // RFC 7587 §7: we take frames from 10 ms, and our decoder uses in-band FEC.
        if (codec.Equals("opus", StringComparison.OrdinalIgnoreCase)) Line($"a=fmtp:{payloadType} minptime=10;useinbandfec=1");
    }

    public void Track(LocalTrack track)
    {
        Line($"a=msid:{track.Stream} {track.Track}");
        Line($"a=ssrc:{track.Ssrc} cname:{track.Cname}");
    }

    public override string ToString() => _text.ToString();
}
