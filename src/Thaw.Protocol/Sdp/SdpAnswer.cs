namespace Thaw.Protocol.Sdp;

/// <summary>Writes answers: every m-line of the offer comes back, in order and with its mid (RFC 3264 §6, RFC 8829 §5.3).</summary>
public static class SdpAnswer
{
    /// <exception cref="ArgumentException">
    /// No candidate, or an offer of which <see cref="AnswerPlan.Transport"/> is null: callers refuse both before.
    /// </exception>
    public static string Write(SessionDescription offer, AnswerParameters parameters)
    {
        var plan = AnswerPlan.For(offer, parameters.AudioCodecs);
        if (plan.Transport is null) throw new ArgumentException("Nothing in the offer can be answered.", nameof(offer));

        var writer = new SdpWriter(parameters.Origin, parameters.Transport);
        if (plan.Group is { } group)
        {
            var carried = offer.Media.Where(section => plan[section] != AnswerPlan.Fate.Rejected).Select(section => section.Mid);
            writer.Bundle(group.Where(carried.Contains)); // RFC 8843 §7.3
        }

        var setup = plan.SetupFor(parameters.Setup);
        foreach (var section in offer.Media)
        {
            switch (plan[section])
            {
                case AnswerPlan.Fate.Audio: WriteAudio(writer, section, plan.Audio!, setup, parameters.Track); break;
                case AnswerPlan.Fate.Application: WriteApplication(writer, section, setup, parameters); break;
                case AnswerPlan.Fate.Inactive: WriteInactive(writer, section, setup); break;
                default: writer.Media(section.KindName, 0, section.Protocol, section.Formats[0], section.Mid); break;
            }
        }

        return writer.ToString();
    }

    private static void WriteAudio(SdpWriter writer, MediaDescription section, AudioSelection audio, SetupRole setup, LocalTrack track)
    {
        var direction = Reflect(section.Direction);
        writer.Media(section.KindName, 9, section.Protocol, $"{audio.PayloadType}", section.Mid);
        writer.Line(Attribute(direction));
        writer.Transport(setup);
        writer.Line("a=rtcp-mux");
        writer.Payload(audio.PayloadType, audio.Codec, audio.ClockRate, audio.Channels);
        writer.Line("a=ptime:20");
        if (direction is MediaDirection.SendReceive or MediaDirection.SendOnly) writer.Track(track);
    }

    private static void WriteApplication(SdpWriter writer, MediaDescription section, SetupRole setup, AnswerParameters parameters)
    {
        // The drafts put the port in the m-line: m=application 9 DTLS/SCTP 5000. Who offers so reads only that.
        bool isDraft = section.Formats[0] is [>= '0' and <= '9', ..];
        writer.Media(section.KindName, 9, section.Protocol, isDraft ? $"{parameters.SctpPort}" : section.Formats[0], section.Mid);
        writer.Transport(setup);
        if (isDraft) writer.Line($"a=sctpmap:{parameters.SctpPort} webrtc-datachannel 1024");
        else writer.Line($"a=sctp-port:{parameters.SctpPort}");
        writer.Line($"a=max-message-size:{parameters.MaxMessageSize}");
    }

    private static void WriteInactive(SdpWriter writer, MediaDescription section, SetupRole setup)
    {
        var payload = section.Payloads.FirstOrDefault(IsMedia) ?? (section.Payloads is [var only, ..] ? only : null);
        writer.Media(section.KindName, 9, section.Protocol, payload is null ? section.Formats[0] : $"{payload.PayloadType}", section.Mid);
        writer.Line("a=inactive");
        writer.Transport(setup);
        writer.Line("a=rtcp-mux");
        if (payload is null) return;

        // Its own parameters back: H.264 is only the same codec with the same profile (RFC 6184 §8.2.2).
        writer.Line($"a=rtpmap:{payload.PayloadType} {payload.Encoding}/{payload.ClockRate}{(payload.Channels > 1 ? $"/{payload.Channels}" : "")}");
        if (payload.Fmtp is not null) writer.Line($"a=fmtp:{payload.PayloadType} {payload.Fmtp}");
    }

    private static bool IsMedia(PayloadFormat payload)
        => payload.Encoding.ToUpperInvariant() is not ("RTX" or "RED" or "ULPFEC" or "FLEXFEC-03" or "CN" or "TELEPHONE-EVENT");

    // RFC 3264 §6.1
    private static MediaDirection Reflect(MediaDirection offered) => offered switch
    {
        MediaDirection.SendOnly => MediaDirection.ReceiveOnly,
        MediaDirection.ReceiveOnly => MediaDirection.SendOnly,
        _ => offered,
    };

    private static string Attribute(MediaDirection direction) => direction switch
    {
        MediaDirection.SendOnly => "a=sendonly",
        MediaDirection.ReceiveOnly => "a=recvonly",
        MediaDirection.Inactive => "a=inactive",
        _ => "a=sendrecv",
    };
}
