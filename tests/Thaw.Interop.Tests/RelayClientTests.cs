using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Thaw.Interop.Tests.Networks;
using Thaw.Protocol.Stun;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>pion's and aioice's TURN clients against our relay. They check its certificate by the authority that issued it.</summary>
public sealed class RelayClientTests
{
    private const int Terminate = 15; // as Linux numbers it
    private const int Packets = 100;

    private static readonly string[] Peers = ["--allow-peer", $"{LabRelay.Address}/32"];

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("tls")]
    [InlineData("dtls")]
    public async Task Pions_client_gets_every_packet_back(string transport)
    {
        string client = await PionClient.BuiltAsync("pion_turn");
        await using var relay = await LabRelay.StartAsync(Peers);
        string[] said = (await relay.RunAsync(Line(relay, client, transport, Packets))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith($"{LabRelay.Address}:", JsonElement.Parse(said[0]).GetProperty("relayed").GetString(), StringComparison.Ordinal);
        Assert.Equal((Packets, Packets), Counted(said[1]));
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("tls")]
    public async Task Aioices_client_gets_every_packet_back(string transport)
    {
        Executables.RequireAiortc(); // which brings aioice
        await using var relay = await LabRelay.StartAsync(Peers);
        string script = Path.Combine(AppContext.BaseDirectory, "peers", "aioice_turn.py");
        var saw = JsonElement.Parse(await relay.RunAsync([Executables.Python, .. Line(relay, script, transport, Packets)]));
        Assert.Equal((LabRelay.Address, Packets), (saw.GetProperty("relayed")[0].GetString(), saw.GetProperty("received").GetInt32()));
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("dtls")]
    public async Task A_relay_that_drains_loses_no_packet_of_a_call_and_refuses_the_next(string transport)
    {
        string client = await PionClient.BuiltAsync("pion_turn");
        await using var relay = await LabRelay.StartAsync([.. Peers, "--drain-seconds", "120"]);
        using var call = relay.Start(Line(relay, client, transport, 0));
        try
        {
            Assert.Contains("relayed", await LineOfAsync(call), StringComparison.Ordinal);
            relay.Signal(Terminate);
            await relay.SaidAsync("draining");
            string refused = await relay.RunAsync(Line(relay, client, transport, 1));
            Assert.Contains("508", refused, StringComparison.Ordinal);
            await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken); // of the call
            Assert.False(relay.HasEnded);

            call.StandardInput.Close();
            var (sent, received) = Counted(await LineOfAsync(call));
            Assert.InRange(sent, 20, int.MaxValue);
            Assert.Equal(sent, received);
            Assert.Equal(0, await relay.EndedAsync());
        }
        finally
        {
            if (!call.HasExited) call.Kill();
            await call.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_token_that_coturns_tool_made_without_us_lets_its_holder_in_and_no_other_does()
    {
        const string Key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", ServerName = "relay.example";
        string tool = Executables.Find("turnutils_oauth", "coturn");
        string began = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] macKey = RandomNumberGenerator.GetBytes(32);
        await using var relay = await SignalledRelay.StartAsync("--oauth-key", $"north:{Key}", "--oauth-server-name", ServerName);

        string[] line =
        [
            tool, "-e", "-v", "-i", ServerName, "-j", "north", "-k", Key, "-l", began, "-m", "3600", "-n", "A256GCM",
            "-o", Convert.ToBase64String(RandomNumberGenerator.GetBytes(12)), "-p", Convert.ToBase64String(macKey), "-r", "3600",
        ];
        using var making = Process.Start(new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true })!;
        string output = await making.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        const string Before = "\"access_token\":\"";
        int at = output.IndexOf(Before, StringComparison.Ordinal) + Before.Length; // its JSON has the key in it as it is, and so is none
        byte[] token = Convert.FromBase64String(output[at..output.IndexOf('"', at)]);

        Assert.Equal(0, await AllocateAsync(token));
        token[^1] ^= 1;
        Assert.Equal(401, await AllocateAsync(token));

        async Task<int> AllocateAsync(byte[] shown)
        {
            using var holder = await RawTurn.ConnectAsync(relay.Port, ProtocolType.Udp);
            holder.Identity = ("north", macKey);
            return RawTurn.Code(await holder.AllocateAsync(17, (ref StunWriter writer) => writer.Add(StunAttributeType.AccessToken, shown)));
        }
    }

    private static string[] Line(LabRelay relay, string client, string transport, int packets) =>
    [
        client, transport, LabRelay.Address, LabRelay.Text(LabRelay.PortOf(transport)), relay.Certificate.AuthorityFile,
        LabRelay.Username, LabRelay.Password, LabRelay.Text(packets),
    ];

    private static async Task<string> LineOfAsync(Process client)
        => await client.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException(await client.StandardError.ReadToEndAsync());

    private static (int Sent, int Received) Counted(string line)
    {
        var saw = JsonElement.Parse(line);
        return (saw.GetProperty("sent").GetInt32(), saw.GetProperty("received").GetInt32());
    }
}
