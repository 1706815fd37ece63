using System.Net;
using System.Net.Sockets;
using Thaw.Interop.Tests.Net;
using Thaw.Voice;
using Thaw.Voice.Agents;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Strangers at the media port while somebody talks.</summary>
public sealed class FloodTests(Chromium chromium)
{
    private const int Datagrams = 60_000, PerBurst = 100; // every 10 ms: 10 000 a second
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(10), Soon = TimeSpan.FromSeconds(10), FloodLimit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_flood_of_garbage_costs_a_call_neither_sound_nor_messages_and_is_counted()
    {
        await using var server = await VoiceServer.StartAsync(
            new VoiceServerOptions { Port = 0, UdpPort = 0, UdpAddresses = [IPAddress.Loopback], Agent = static () => new EchoAgent() },
            TestContext.Current.CancellationToken);
        await using var page = await chromium.OpenAsync(new Uri(server.Url, "/client/?raw"));
        await page.ConnectAsync();
        await page.UntilHeardAsync(Soon);
        var before = server.Statistics;
        var (lostBefore, receivedBefore) = await PacketsAsync(page);

        var flood = FloodAsync(server.UdpPort);
        int answered = 0;
        for (; !flood.IsCompleted; answered++)
            Assert.Equal($"{answered}", (await page.EvaluateAsync($"window.thaw.request('n', {answered})", Soon)).GetRawText());
        await flood;

        var (lost, received) = await PacketsAsync(page);
        var after = server.Statistics;
        Assert.InRange(answered, 3, int.MaxValue);
        Assert.Equal("connected", await page.StateAsync());
        await page.UntilHeardAsync(Soon);
        Assert.InRange((lost - lostBefore) / (received - receivedBefore + 1), 0, 0.02);
        // A busy machine's kernel may drop some before we see them. What we saw is the call's or counted.
        long dropped = after.Drops.Values.Sum() - before.Drops.Values.Sum(), arrived = after.DatagramsIn - before.DatagramsIn;
        Assert.InRange(dropped, Datagrams / 2, Datagrams + 100);
        Assert.InRange(arrived - dropped, 1, 3 * (received - receivedBefore) + 10 * answered);
        Assert.Equal(0, after.SessionsCrashed);
        TestContext.Current.SendDiagnosticMessage($"{answered} requests, {received - receivedBefore} packets in, {lost - lostBefore} lost, {arrived} datagrams arrived, {dropped} of {Datagrams} dropped and counted");
    }

    private static async Task FloodAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, port);
        byte[] noise = new byte[1200];
        new Random(1).NextBytes(noise);
        byte[][] garbage =
        [
            [], [255, 1, 2], [200], noise, noise[..40], [22, 254, 253, 0], [22, .. noise[..900]], [0x80, 1, 2, 3], [0x90, 111, .. noise[..160]],
            NetClient.BindingRequest("0stranger"), [1, 1, .. noise[..30]],
        ];

        using var beat = new PeriodicTimer(Burst);
        for (int sent = 0; sent < Datagrams;)
        {
            Assert.True(await beat.WaitForNextTickAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(FloodLimit));
            for (int i = 0; i < PerBurst; i++, sent++) socket.Send(garbage[sent % garbage.Length]);
        }
    }

    /// <summary>From the browser's own count, at this moment.</summary>
    private static async Task<(double Lost, double Received)> PacketsAsync(ThawPage page)
    {
        const string Inbound = "window.thaw.peer().getStats().then(r => [...r.values()].find(s => s.type === 'inbound-rtp' && s.kind === 'audio')).then(s => [s.packetsLost, s.packetsReceived])";
        double[] counts = [.. (await page.EvaluateAsync(Inbound, Soon)).EnumerateArray().Select(n => n.GetDouble())];
        return (counts[0], counts[1]);
    }
}
