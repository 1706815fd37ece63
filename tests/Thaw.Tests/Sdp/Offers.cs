using Thaw.Protocol.Sdp;
using Xunit;

namespace Thaw.Tests.Sdp;

/// <summary>
/// The chromium-* offers were recorded from Chromium 156 and the Pipecat client; firefox, safari and aiortc are written in
/// the manner of those stacks; the others are shapes that the RFCs allow. Kept with LF, used with CRLF as on the wire.
/// </summary>
internal static class Offers
{
    public static string Folder => Repository.PathOf("tests", "Thaw.Tests", "Sdp", "Offers");

    public static IEnumerable<string> Names
        => Directory.EnumerateFiles(Folder, "*.sdp").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    public static TheoryData<string> All => [.. Names];

    public static string Text(string name) => File.ReadAllText(Path.Combine(Folder, name + ".sdp")).ReplaceLineEndings("\r\n");

    public static SessionDescription Read(string name) => Parse(Text(name));

    public static SessionDescription Parse(string sdp)
    {
        Assert.True(SessionDescription.TryParse(sdp, out var description, out var error), error?.ToString());
        return description!;
    }
}

/// <summary>One fixed set of everything that is ours in an answer, so that answers are comparable text.</summary>
internal static class Ours
{
    public static SdpCandidate Host { get; } = new()
    {
        Foundation = "1",
        Priority = 2_130_706_431,
        Address = Address("192.0.2.1", 40_000),
        Port = 40_000,
        Type = SdpCandidateType.Host,
    };

    public static SdpCandidate Relayed { get; } = new()
    {
        Foundation = "2",
        Priority = 16_777_215,
        Address = Address("2001:db8::5", 50_000),
        Port = 50_000,
        Type = SdpCandidateType.Relayed,
        Related = Address("198.51.100.1", 41_000),
    };

    public static LocalTransport Transport { get; } = new(
        "t0Ufrag1", "t0Password12345678901234",
        "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF", [Host, Relayed]);

    public static LocalTrack Track { get; } = new(1_234_567_890, "cname", "stream", "track");

    public static AnswerParameters Answer { get; } = new() { Origin = new(42, 7), Transport = Transport, Track = Track };

    private static Protocol.TransportAddress Address(string ip, int port)
    {
        Assert.True(Protocol.TransportAddress.TryParse(ip, port, out var address));
        return address;
    }
}
