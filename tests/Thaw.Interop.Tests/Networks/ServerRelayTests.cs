using Xunit;

namespace Thaw.Interop.Tests.Networks;

/// <summary>The server's own STUN and TURN servers: coturn in the lab's internet.</summary>
public sealed class ServerRelayTests(Chromium chromium)
{
    private const string Turn = $$""", "username": "{{Coturn.Username}}", "credential": "{{Coturn.Password}}" }""";

    // Signalling is forwarded to the server; all else that it can reach is the relay.
    private const string OnlyRelay = $"tcp dport {{0}} accept\ntcp sport {{0}} accept\nip saddr {Lab.RelayAddress} accept\nip daddr {Lab.RelayAddress} accept\ndrop";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("turn:192.0.2.10:3478")]
    [InlineData("turn:192.0.2.10:3478?transport=tcp")]
    [InlineData("turns:192.0.2.10:443?transport=tcp")]
    public async Task A_server_that_only_its_relay_reaches_is_connected_to(string url)
    {
        var network = new Network("only the server's relay", "", Soon)
        {
            Relay = true, Site = Filter, IceServers = $"[{{ urls: 'stun:{Lab.RelayAddress}:{Coturn.Port}' }}]", Serve = [.. Servers(url), "--ice-ca", Coturn.Certificate, "--tcp-port", "off"],
        };
        await using var call = await Call.PrepareAsync(chromium, network);
        await call.Server.LoggedAsync($"ICE server {url} relays", Soon);

        var outcome = await call.ConnectAsync();

        Assert.True(outcome.Path.EndsWith("-relay udp", StringComparison.Ordinal), $"{outcome} {await call.DescribeAsync()}");
        Assert.True(outcome.Took < Soon, $"{outcome.Took}");
        Assert.DoesNotContain(call.Server.Log, line => line.Contains(Coturn.Password + "\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_that_only_translators_hide_find_each_other_by_their_STUN_servers()
    {
        string stun = $"stun:{Lab.RelayAddress}:{Coturn.Port}";
        var network = new Network("both behind NAT, both with STUN", "", Soon)
        {
            Relay = true, Client = Nat.PortRestricted, Server = Nat.PortRestricted, IceServers = $"[{{ urls: '{stun}' }}]", Serve = ["--ice-servers", stun, "--tcp-port", "off"],
        };
        await using var call = await Call.PrepareAsync(chromium, network);
        await call.Server.LoggedAsync($"ICE server {stun} has told a public address", Soon);

        var outcome = await call.ConnectAsync();

        Assert.True(outcome.Path.EndsWith("-srflx udp", StringComparison.Ordinal), $"{outcome} {await call.DescribeAsync()}");
    }

    [Theory]
    [InlineData("turn:192.0.2.10:3478", "wrong", "401, username or credential is wrong")]
    [InlineData("turns:192.0.2.10:443?transport=tcp", Coturn.Password, "TLS: the certificate is not trusted, or names another host")] // no --ice-ca
    [InlineData("turn:192.0.2.66:3478?transport=tcp", Coturn.Password, "no answer within 3 s")]                                      // the black hole
    [InlineData("turn:192.0.2.10:9?transport=tcp", Coturn.Password, "not connected: ConnectionRefused")]
    [InlineData("turn:nowhere.invalid", Coturn.Password, "the name ")]
    public async Task What_is_wrong_with_a_server_is_named_and_calls_connect_without_it(string url, string password, string why)
    {
        var network = new Network("a useless relay", "", Soon)
        {
            Relay = true, Client = Nat.None, Serve = ["--ice-servers", $$"""{ "urls": "{{url}}", "username": "{{Coturn.Username}}", "credential": "{{password}}" }"""],
        };
        await using var call = await Call.PrepareAsync(chromium, network);

        var outcome = await call.ConnectAsync();

        Assert.Equal("host-host udp", outcome.Path);
        Assert.Contains($"ICE server {url} is of no use: {why}", await call.Server.LoggedAsync("is of no use", Soon), StringComparison.Ordinal);
    }

    private static string Filter => string.Format(System.Globalization.CultureInfo.InvariantCulture, OnlyRelay, Lab.HttpPort);

    private static string[] Servers(string url) => ["--ice-servers", $$"""{ "urls": "{{url}}" """ + Turn];
}
