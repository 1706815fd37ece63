using System.Diagnostics;
using System.Text.Json;
using Thaw.Interop.Tests.Networks;
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
