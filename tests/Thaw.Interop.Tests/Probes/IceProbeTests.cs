using System.Net;
using System.Net.Sockets;
using Thaw.Interop.Tests.Gathering;
using Thaw.Probes;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Xunit;

namespace Thaw.Interop.Tests.Probes;

/// <summary>What a probe says of real servers that are wrong in one way each. Browsers tell hardly any of these apart.</summary>
public sealed class IceProbeTests
{
    private static readonly TurnCredential Password = new("user", "pass");
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_good_relay_is_used_in_each_of_its_ways_and_a_packet_comes_back()
    {
        using var files = new TlsFiles("127.0.0.1");
        using var coturn = Coturn.StartWithPassword("--allow-loopback-peers", "--cert", files.Pem, "--pkey", files.Pem);
        int port = coturn.Address.Port;

        var report = await RunAsync(
            new ProbeOptions { Trusted = files.Trusted },
            Turn($"turn:127.0.0.1:{port}"), Turn($"turn:127.0.0.1:{port}?transport=tcp"), Turn($"turns:127.0.0.1:{port}?transport=tcp"), Target($"stun:127.0.0.1:{port}"));

        Assert.All(report.Urls, url => Assert.Equal((ProbeStatus.Ok, null), (url.Status, url.Why)));
        Assert.Equal(["dns", "challenge", "allocate", "permission", "relay"], report.Urls[0].Steps.Select(step => step.Name));
        Assert.Equal(["dns", "connect", "tls", "challenge", "allocate", "permission", "relay"], report.Urls[2].Steps.Select(step => step.Name));
        Assert.All(report.Urls.Take(3), url => Assert.Equal(("thaw.test", true), (url.Realm, url.Relayed!.StartsWith("127.0.0.1:", StringComparison.Ordinal))));
        Assert.StartsWith("127.0.0.1:", report.Urls[3].Mapped, StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", report.Urls[2].Certificate!.Subject);
    }

    [Fact]
    public async Task Wrong_expired_and_reversed_credentials_are_told_apart()
    {
        using var coturn = Coturn.Start("--use-auth-secret", "--static-auth-secret", Coturn.Secret, "-r", "thaw.test", "--allow-loopback-peers");
        string url = $"turn:{coturn.Address}";
        long soon = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();

        var report = await RunAsync(
            new(),
            Turn(url, Lend(TimeSpan.FromHours(1))), Turn(url, Lend(TimeSpan.FromHours(-3))), Turn(url, Lend(TimeSpan.FromHours(1), "another secret")),
            Turn(url, Mint($"thaw:{soon}", Coturn.Secret)), Turn(url, Mint($"thaw:{soon}", "another secret")), Turn(url, new TurnCredential("user", Coturn.Secret)));

        Assert.Equal(
            [null, Causes.ExpiredCredentials, Causes.BadCredentials, Causes.ReversedUsername, Causes.ReversedUsername, Causes.BadCredentials], report.Urls.Select(u => u.Cause));
        Assert.Equal(
            [ProbeStatus.Ok, ProbeStatus.Failed, ProbeStatus.Failed, ProbeStatus.Warning, ProbeStatus.Failed, ProbeStatus.Failed], report.Urls.Select(u => u.Status));
        Assert.Contains("3 hours ago", report.Urls[1].Why, StringComparison.Ordinal);
        Assert.All(report.Urls.Where(u => u.Status is ProbeStatus.Failed), u => Assert.Contains("401 Unauthorized", u.Proof, StringComparison.Ordinal));
        Assert.DoesNotContain(Coturn.Secret, string.Join(' ', report.Urls), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Realm_peers_quota_and_capacity_each_have_their_cause()
    {
        using var forbidding = Coturn.StartWithPassword(); // loopback peers are refused
        using var scarce = Coturn.StartWithPassword("--user-quota=1", "--allow-loopback-peers");
        using var full = Coturn.StartWithPassword("--allow-loopback-peers", "--min-port", "31000", "--max-port", "31000");
        using var open = Coturn.Start("--no-auth", "-r", "thaw.test", "--allow-loopback-peers");
        using var holder = new GathererLoop(GathererLoop.Turn(full, ("user", "pass"))).Settle();
        using var other = new GathererLoop(GathererLoop.Turn(scarce, ("user", "pass"))).Settle();

        var report = await RunAsync(new(), Turn($"turn:{forbidding.Address}"), Turn($"turn:{scarce.Address}"), Turn($"turn:{full.Address}"), Turn($"turn:{open.Address}"));
        var realm = await RunAsync(new ProbeOptions { Realm = "example.org" }, Turn($"turn:{forbidding.Address}"));

        Assert.Equal([Causes.PeerForbidden, Causes.QuotaReached, Causes.NoCapacity, Causes.OpenRelay], report.Urls.Select(u => u.Cause));
        Assert.Equal(Causes.RealmMismatch, realm.Urls[0].Cause);
        Assert.Contains("403", report.Urls[0].Proof, StringComparison.Ordinal);
        Assert.Contains("486", report.Urls[1].Proof, StringComparison.Ordinal);
        Assert.Contains("508", report.Urls[2].Proof, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_asks_for_a_password_without_a_realm_is_told_so()
    {
        using var fake = new FakeStun(static (request, answer) =>
        {
            var writer = new StunWriter(answer, request.Method, StunClass.ErrorResponse, request.Transaction);
            writer.AddError(StunErrorCode.Unauthenticated, "Unauthorized"u8);
            writer.Add(StunAttributeType.Realm, []);
            writer.Add(StunAttributeType.Nonce, "nonce"u8);
            return writer.Finish().Length;
        });
        Assert.Equal(Causes.RealmMissing, (await RunAsync(new(), Turn($"turn:{fake.Address}"))).Urls[0].Cause);
    }

    [Fact]
    public async Task Certificates_are_told_apart_by_what_is_wrong_with_them()
    {
        using var name = new TlsFiles("other.example");
        using var over = new TlsFiles("127.0.0.1", endedDaysAgo: 3);
        using var stranger = new TlsFiles("127.0.0.1");
        using var soon = new TlsFiles("127.0.0.1", endedDaysAgo: -5);
        using var a = Coturn.StartWithPassword("--cert", name.Pem, "--pkey", name.Pem);
        using var b = Coturn.StartWithPassword("--cert", over.Pem, "--pkey", over.Pem);
        using var c = Coturn.StartWithPassword("--cert", stranger.Pem, "--pkey", stranger.Pem);
        using var d = Coturn.StartWithPassword("--cert", soon.Pem, "--pkey", soon.Pem, "--allow-loopback-peers");

        var report = await RunAsync(
            new ProbeOptions { Trusted = [.. name.Trusted, .. over.Trusted, .. soon.Trusted] },
            Turn($"turns:{a.Address}?transport=tcp"), Turn($"turns:{b.Address}?transport=tcp"), Turn($"turns:{c.Address}?transport=tcp"), Turn($"turns:{d.Address}?transport=tcp"));

        Assert.Equal([Causes.CertificateWrongName, Causes.CertificateExpired, Causes.CertificateUntrusted, Causes.CertificateExpired], report.Urls.Select(u => u.Cause));
        Assert.Equal([ProbeStatus.Failed, ProbeStatus.Failed, ProbeStatus.Failed, ProbeStatus.Warning], report.Urls.Select(u => u.Status));
        Assert.Contains("other.example", report.Urls[0].Proof, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closed_silent_and_foreign_ports_are_told_apart()
    {
        using var silentUdp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var silentTcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var dropping = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        foreach (var socket in new[] { silentUdp, silentTcp, dropping, closed }) socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silentTcp.Listen();
        dropping.Listen(0);
        using var filling = new QueueFiller(dropping); // the kernel drops every further SYN
        using var web = new FakeStream("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());

        var report = await RunAsync(
            new ProbeOptions { Whole = TimeSpan.FromSeconds(1) },
            Target($"stun:{silentUdp.LocalEndPoint}"), Turn($"turn:{silentUdp.LocalEndPoint}"), Turn($"turn:{silentTcp.LocalEndPoint}?transport=tcp"), Turn($"turns:{silentTcp.LocalEndPoint}"),
            Turn($"turn:{dropping.LocalEndPoint}?transport=tcp"), Turn($"turn:{closed.LocalEndPoint}?transport=tcp"), Turn($"turn:{web.Address}?transport=tcp"));

        Assert.Equal(
            [Causes.StunUnreachable, Causes.TurnUdpUnreachable, Causes.NotStun, Causes.TlsFailed, Causes.TurnTcpUnreachable, Causes.TurnTcpUnreachable, Causes.NotStun],
            report.Urls.Select(u => u.Cause));
        Assert.Equal(["binding", "challenge", "challenge", "tls", "connect", "connect", "challenge"], report.Urls.Select(u => u.Steps[^1].Name));
        Assert.Contains("no answer", report.Urls[4].Proof, StringComparison.Ordinal);
        Assert.Contains("refused", report.Urls[5].Proof, StringComparison.Ordinal);
        Assert.Contains(report.Findings, f => f.Cause == Causes.UdpBlocked); // something answers over TCP
    }

    [Fact]
    public async Task Names_that_are_not_found_and_resolvers_that_are_silent_end_in_time()
    {
        var missing = await RunAsync(new ProbeOptions { Resolve = static (_, _) => throw new SocketException((int)SocketError.HostNotFound) }, Target("stun:nosuch.example"));
        var silent = await RunAsync(
            new ProbeOptions { Whole = TimeSpan.FromMilliseconds(200), Resolve = static (_, cancel) => new TaskCompletionSource<IPAddress[]>().Task.WaitAsync(cancel) }, Target("stun:slow.example"));

        Assert.Equal((Causes.NameNotFound, Causes.NameNotFound), (missing.Urls[0].Cause, silent.Urls[0].Cause));
        Assert.Contains("did not answer", silent.Urls[0].Proof, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_address_of_a_name_is_a_note_where_the_other_one_works()
    {
        using var coturn = Coturn.StartWithPassword();
        var report = await RunAsync(new ProbeOptions { Resolve = static (_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, IPAddress.Loopback]) }, Target($"stun:both.example:{coturn.Address.Port}"));

        Assert.Equal((ProbeStatus.Ok, null), (report.Urls[0].Status, report.Urls[0].Cause));
        Assert.Contains("[::1]", Assert.Single(report.Urls[0].Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_relay_that_carries_nothing_is_named()
    {
        using var fake = new MuteRelay();
        var report = await RunAsync(new ProbeOptions { Relayed = TimeSpan.FromMilliseconds(300) }, Turn($"turn:{fake.Address}"));
        Assert.Equal(Causes.RelaysNothing, report.Urls[0].Cause);
    }

    [Fact]
    public async Task Ten_servers_of_which_half_are_dead_are_tried_side_by_side()
    {
        using var coturn = Coturn.StartWithPassword("--allow-loopback-peers");
        using var dead = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        dead.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var targets = Enumerable.Range(0, 10).Select(i => Turn(i % 2 == 0 ? $"turn:{dead.LocalEndPoint}" : $"turn:{coturn.Address}")).ToArray();

        var report = await RunAsync(new(), targets);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => i % 2 == 0 ? ProbeStatus.Failed : ProbeStatus.Ok), report.Urls.Select(u => u.Status));
        Assert.True(report.Milliseconds < 2 * new ProbeOptions().Whole.TotalMilliseconds, $"{report.Milliseconds} ms"); // one after the other would be five times
    }

    private static Task<IceReport> RunAsync(ProbeOptions options, params ProbeTarget[] targets) => IceProbe.RunAsync(targets, options, null, Cancel);

    private static ProbeTarget Turn(string url, TurnCredential? credential = null) => Target(url) with { Credential = credential ?? Password };

    private static ProbeTarget Target(string url) => IceServerUrl.TryParse(url, out var parsed, out string error) ? new ProbeTarget(url, parsed, null) : throw new ArgumentException(error);

    private static TurnCredential Lend(TimeSpan lifetime, string secret = Coturn.Secret)
    {
        var (username, password) = Coturn.Lend(lifetime, secret);
        return new(username, password);
    }

    private static TurnCredential Mint(string username, string secret)
    {
#pragma warning disable CA5350 // the convention's HMAC-SHA1
        return new(username, Convert.ToBase64String(System.Security.Cryptography.HMACSHA1.HashData(System.Text.Encoding.UTF8.GetBytes(secret), System.Text.Encoding.UTF8.GetBytes(username))));
#pragma warning restore CA5350
    }
}
