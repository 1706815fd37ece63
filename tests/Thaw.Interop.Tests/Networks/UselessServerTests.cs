using Xunit;

namespace Thaw.Interop.Tests.Networks;

/// <summary>STUN and TURN servers that <c>thaw serve</c> was told of and that are of no use.</summary>
public sealed class UselessServerTests(Chromium chromium)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private static readonly (string Url, string Password, string Why)[] Servers =
    [
        ($"turn:{Lab.RelayAddress}:{Coturn.Port}", "wrong", "401, username or credential is wrong"),
        ($"turns:{Lab.RelayAddress}:{Coturn.TlsPort}?transport=tcp", Coturn.Password, "TLS: the certificate is not trusted, or names another host"), // no --ice-ca
        ($"turn:{Lab.BlackHole}:{Coturn.Port}?transport=tcp", Coturn.Password, "no answer within 3 s"),
        ($"turn:{Lab.RelayAddress}:9?transport=tcp", Coturn.Password, "not connected: ConnectionRefused"),
        ("turn:nowhere.invalid", Coturn.Password, "the name "),
    ];

    [Fact]
    public async Task What_is_wrong_with_each_is_named_and_calls_connect_without_them()
    {
        string[] flags = [.. Servers.SelectMany(s => (string[])["--ice-servers", $$"""{ "urls": "{{s.Url}}", "username": "{{Coturn.Username}}", "credential": "{{s.Password}}" }"""])];
        await using var call = await Call.PrepareAsync(chromium, new("Useless servers", "", Soon) { Relay = true, Client = Nat.None, Serve = flags });

        var outcome = await call.ConnectAsync();

        Assert.Equal("host-host udp", outcome.Path);
        foreach (var (url, password, why) in Servers)
        {
            await call.Server.LoggedAsync($"ICE server {url} is of no use: {why}", TimeSpan.FromSeconds(20));
            Assert.DoesNotContain(call.Server.Log, line => line.Contains($"\"{password}\"", StringComparison.Ordinal));
        }
    }
}
