using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Thaw.Interop.Tests.Gathering;
using Thaw.Probes;
using Thaw.Protocol.Stun;
using Xunit;

namespace Thaw.Interop.Tests.Probes;

/// <summary><c>thaw ice</c> as scripts use it: the real executable, real servers that are wrong in one way each, and its exit codes.</summary>
public sealed class IceCommandTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _secret = Path.GetTempFileName();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_secret);

    [Fact]
    public async Task What_a_secret_mints_works_by_every_transport_and_is_0()
    {
        using var files = new TlsFiles("127.0.0.1");
        using var coturn = StartWithSecret("--allow-loopback-peers", "--cert", files.Pem, "--pkey", files.Pem);

        var (exit, document) = await RunAsync("--ice-source", await SourceAsync(coturn) + $",tls-port={coturn.Address.Port}", "--ice-ca", files.Pem);

        Assert.Equal((0, "warning"), (exit, document.GetProperty("status").GetString())); // it works; that its address is a loopback one is told
        Assert.Equal([null, null, null, null], CausesOf(document));
        var source = Assert.Single(document.GetProperty("sources").EnumerateArray());
        Assert.Equal(("coturn", "ok", 4), (source.GetProperty("name").GetString(), source.GetProperty("status").GetString(), source.GetProperty("urls").GetInt32()));
        Assert.All(document.GetProperty("configuration").EnumerateArray(), finding => Assert.Equal("host-is-loopback", finding.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_secret_that_the_relay_does_not_share_is_2()
    {
        using var coturn = StartWithSecret();
        await File.WriteAllTextAsync(_secret, "another secret", Cancel);

        var (exit, document) = await RunAsync("--ice-source", $"coturn:host=127.0.0.1,port={coturn.Address.Port},secret-file={_secret}");

        Assert.Equal(2, exit);
        Assert.Equal([null, Causes.BadCredentials, Causes.BadCredentials], CausesOf(document)); // STUN takes none
    }

    [Fact]
    public async Task Each_fault_of_a_relay_has_its_own_cause_and_the_list_of_them_is_2()
    {
        using var name = new TlsFiles("other.example");
        using var stranger = new TlsFiles("127.0.0.1");
        using var rest = StartWithSecret();
        using var password = Coturn.StartWithPassword(); // loopback peers are refused
        using var scarce = Coturn.StartWithPassword("--user-quota=1", "--allow-loopback-peers");
        using var full = Coturn.StartWithPassword("--allow-loopback-peers", "--min-port", "31010", "--max-port", "31010");
        using var misnamed = Coturn.StartWithPassword("--cert", name.Pem, "--pkey", name.Pem);
        using var untrusted = Coturn.StartWithPassword("--cert", stranger.Pem, "--pkey", stranger.Pem);
        using var holder = new GathererLoop(GathererLoop.Turn(full, ("user", "pass"))).Settle();
        using var other = new GathererLoop(GathererLoop.Turn(scarce, ("user", "pass"))).Settle();
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var nameless = new FakeStun(static (request, answer) =>
        {
            var writer = new StunWriter(answer, request.Method, StunClass.ErrorResponse, request.Transaction);
            writer.AddError(StunErrorCode.Unauthenticated, "Unauthorized"u8);
            writer.Add(StunAttributeType.Realm, []);
            writer.Add(StunAttributeType.Nonce, "nonce"u8);
            return writer.Finish().Length;
        });
        var (expired, expiredPassword) = Coturn.Lend(TimeSpan.FromHours(-3));
        string soon = $"{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}";

        (string Url, string User, string Password, string Cause)[] wrong =
        [
            ($"turn:{rest.Address}", expired, expiredPassword, Causes.ExpiredCredentials),
            ($"turn:{rest.Address}", $"thaw:{soon}", "not what it should be", Causes.ReversedUsername),
            ($"turn:{password.Address}", "user", "wrong", Causes.BadCredentials),
            ($"turn:{nameless.Address}", "user", "pass", Causes.RealmMissing),
            ($"turn:{closed.LocalEndPoint}?transport=tcp", "user", "pass", Causes.TurnTcpUnreachable),
            ($"turns:{misnamed.Address}?transport=tcp", "user", "pass", Causes.CertificateWrongName),
            ($"turns:{untrusted.Address}?transport=tcp", "user", "pass", Causes.CertificateUntrusted),
            ($"turn:{password.Address}?transport=tcp", "user", "pass", Causes.PeerForbidden),
            ($"turn:{scarce.Address}", "user", "pass", Causes.QuotaReached),
            ($"turn:{full.Address}", "user", "pass", Causes.NoCapacity),
        ];
        string list = $"[{string.Join(',', wrong.Select(one => $$"""{"urls":"{{one.Url}}","username":"{{one.User}}","credential":"{{one.Password}}"}"""))}]";
        var (exit, document) = await RunAsync("--ice-servers", list, "--ice-ca", name.Pem);

        Assert.Equal(2, exit);
        Assert.Equal(wrong.Select(one => one.Cause), CausesOf(document));
        Assert.Equal(2, document.GetProperty("exitCode").GetInt32());
    }

    [Fact]
    public async Task Another_realm_than_it_should_be_is_told()
    {
        using var coturn = Coturn.StartWithPassword();
        var (exit, document) = await RunAsync("--ice-servers", $$"""{"urls":"turn:{{coturn.Address}}","username":"user","credential":"pass"}""", "--realm", "example.org");

        Assert.Equal((2, Causes.RealmMismatch), (exit, Assert.Single(CausesOf(document))));
    }

    [Fact]
    public async Task One_invalid_URL_is_2_and_the_valid_one_has_been_tried()
    {
        using var coturn = Coturn.StartWithPassword();
        var (exit, document) = await RunAsync("--ice-servers", $"stun:{coturn.Address},stun:{coturn.Address}?transport=udp");

        Assert.Equal(2, exit);
        Assert.Equal("ok", Assert.Single(document.GetProperty("urls").EnumerateArray()).GetProperty("status").GetString());
        Assert.Contains("stun-transport", document.GetProperty("configuration").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task With_nothing_configured_it_is_64()
    {
        var (exit, output, errors) = await StartAsync();
        Assert.Equal((64, ""), (exit, output));
        Assert.Contains("--ice-source google", errors, StringComparison.Ordinal);
    }

    private static Coturn StartWithSecret(params string[] options) => Coturn.Start(["--use-auth-secret", "--static-auth-secret", Coturn.Secret, "-r", "thaw.test", .. options]);

    private async Task<string> SourceAsync(Coturn coturn)
    {
        await File.WriteAllTextAsync(_secret, Coturn.Secret, Cancel);
        return $"coturn:host=127.0.0.1,port={coturn.Address.Port},secret-file={_secret}";
    }

    private static string?[] CausesOf(JsonElement document)
        => [.. document.GetProperty("urls").EnumerateArray().Select(url => url.TryGetProperty("cause", out var cause) ? cause.GetString() : null)];

    private static async Task<(int Exit, JsonElement Document)> RunAsync(params string[] arguments)
    {
        var (exit, output, errors) = await StartAsync([.. arguments, "--json"]);
        Assert.True(output.Length > 0, errors);
        return (exit, JsonElement.Parse(output));
    }

    private static async Task<(int Exit, string Output, string Errors)> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "thaw"), ["ice", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
            await process.WaitForExitAsync(Cancel).WaitAsync(Limit, Cancel);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
