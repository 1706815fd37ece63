namespace Thaw.Protocol.Sdp;

/// <summary>Writes the offer of a calling peer: one audio section and one for data channels, bundled (RFC 8829 §5.2).</summary>
public static class SdpOffer
{
    private const string AudioMid = "0";
    private const string DataMid = "1";

    /// <exception cref="ArgumentException">No candidate, or a codec that has no payload type here.</exception>
    public static string Write(OfferParameters parameters)
    {
        var writer = new SdpWriter(parameters.Origin, parameters.Transport);
        writer.Bundle([AudioMid, DataMid]);

        var payloads = parameters.AudioCodecs.Select(Payload).ToArray();
        writer.Media("audio", 9, "UDP/TLS/RTP/SAVPF", string.Join(' ', payloads.Select(p => p.PayloadType)), AudioMid);
        writer.Line("a=sendrecv");
        writer.Transport(SetupRole.ActPass);
        writer.Line("a=rtcp-mux");
        foreach (var payload in payloads) writer.Payload(payload.PayloadType, payload.Encoding, payload.ClockRate, payload.Channels);
        writer.Line("a=ptime:20");
        writer.Track(parameters.Track);

        writer.Media("application", 9, "UDP/DTLS/SCTP", "webrtc-datachannel", DataMid);
        writer.Transport(SetupRole.ActPass);
        writer.Line($"a=sctp-port:{parameters.SctpPort}");
        writer.Line($"a=max-message-size:{parameters.MaxMessageSize}");
        return writer.ToString();
    }

    private static PayloadFormat Payload(string codec) => codec switch
    {
        "opus" => new(111, codec, 48_000, 2, null),
        "PCMU" => new(0, codec, 8_000, 1, null), // RFC 3551 §6
        "PCMA" => new(8, codec, 8_000, 1, null),
        _ => throw new ArgumentException($"No payload type for {codec}."),
    };
}
