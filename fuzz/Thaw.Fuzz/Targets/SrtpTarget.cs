using Thaw.Protocol;
using Thaw.Protocol.Rtp;
using Thaw.Protocol.Srtp;

namespace Thaw.Fuzz.Targets;

/// <summary>RTP and RTCP, in the clear and protected. What is well formed comes back the same from behind the cipher.</summary>
internal static class SrtpTarget
{
    private static readonly byte[] KeyA = new byte[16], KeyB = [.. Enumerable.Repeat((byte)1, 16)];

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length > Output.BufferLength) return;

        bool isRtp = RtpReader.TryRead(input, out _) is null;
        bool isRtcp = RtcpReader.TryRead(input, out var compound) is null;
        if (isRtcp) foreach (var packet in compound) Read(packet);

        foreach (var profile in (ReadOnlySpan<SrtpProfile>)[SrtpProfile.Aes128CmHmacSha1_80, SrtpProfile.AeadAes128Gcm])
        {
            byte[] salt = new byte[profile is SrtpProfile.AeadAes128Gcm ? 12 : 14];
            using var sender = new SrtpSession(new(profile, KeyA, salt, KeyB, salt));
            using var receiver = new SrtpSession(new(profile, KeyB, salt, KeyA, salt));

            receiver.TryUnprotect(input.ToArray(), out _);
            receiver.TryUnprotectRtcp(input.ToArray(), out _);
            if (isRtp) RoundTrip(input, sender.Protect, receiver.TryUnprotect);
            if (isRtcp && input.Length >= 8) RoundTrip(input, sender.ProtectRtcp, receiver.TryUnprotectRtcp);
        }
    }

    public static IEnumerable<Seed> Seeds()
    {
        byte[] buffer = new byte[1500];
        int length = RtpWriter.Write(buffer, new MediaPacket(7, 111, 65_535, 960, Marker: true), "twenty bytes of audio"u8);
        yield return new("rtp", buffer[..length]);
        yield return new("rtp-padded", [(byte)(buffer[0] | 0x20), .. buffer[1..length], 0, 0, 0, 4]);
        yield return new("rtp-extended", [0x91, .. buffer[1..12], 0, 0, 0, 9, 0xBE, 0xDE, 0, 1, 0x10, 0x55, 0, 0, 1, 2, 3]);
        yield return new("rtcp", Compound());
        yield return new("rtcp-feedback", [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1]);
    }

    private delegate int Protect(Span<byte> buffer, int length);

    private delegate DropReason? Unprotect(Span<byte> packet, out int length);

    private static void RoundTrip(ReadOnlySpan<byte> input, Protect protect, Unprotect unprotect)
    {
        Span<byte> buffer = new byte[input.Length + SrtpSession.MaxOverhead];
        input.CopyTo(buffer);
        var reason = unprotect(buffer[..protect(buffer, input.Length)], out int length);
        if (reason is not null || !buffer[..length].SequenceEqual(input)) throw new InvalidOperationException($"Did not come back the same: {reason}.");
    }

    private static void Read(in RtcpPacket packet)
    {
        if (packet.Type is RtcpType.SenderReport or RtcpType.ReceiverReport or RtcpType.TransportFeedback or RtcpType.PayloadFeedback) _ = packet.SenderSsrc;
        if (packet.Type is RtcpType.TransportFeedback or RtcpType.PayloadFeedback) _ = packet.MediaSsrc;
        if (packet.Type is RtcpType.SenderReport) _ = packet.SenderInfo;
        for (int i = 0; i < packet.ReportCount; i++) packet.Report(i);
        for (int i = 0; packet.Type is RtcpType.Goodbye && i < packet.Count; i++) packet.LeavingSsrc(i);
    }

    private static byte[] Compound()
    {
        byte[] buffer = new byte[1500];
        var writer = new RtcpWriter(buffer);
        writer.AddSenderReport(7, new SenderInfo(1, 2, 3, 4), [new ReportBlock(8, 1, -1, 2, 3, 4, 5)]);
        writer.AddCname(7, "cname");
        return buffer[..writer.Length];
    }
}
