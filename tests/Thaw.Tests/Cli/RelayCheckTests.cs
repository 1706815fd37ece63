using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Thaw.Cli;
using Thaw.Cli.RelayChecks;
using Thaw.Cli.Verbs;
using Thaw.Net.Addresses;
using Thaw.Net.Gathering;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Xunit;

namespace Thaw.Tests.Cli;

/// <summary><c>thaw relay check</c>: each row, from facts that are made up.</summary>
public sealed class RelayCheckTests
{
    private const string Strong = "5f4c1d0e9ab27386c1d2e3f4a5b6c7d8";

    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private static readonly Machine Good = new()
    {
        Now = Now,
        IsClockSynchronised = true,
        OpenFiles = 100_000,
        EphemeralPorts = (32768, 60999),
        ReceiveBufferMax = 4 << 20,
        Host = new HostFacts { Addresses = [new InterfaceAddress("eth0", IPAddress.Parse("203.0.113.7"), true)] },
    };

    private static readonly RelayHostOptions Served = new() { Server = new TurnServerOptions { SharedSecrets = [Strong] } };

    [Fact]
    public void Where_nothing_is_wrong_all_is_ok_but_the_missing_certificate()
    {
        var rows = Rows();
        Assert.Equal("tls", Assert.Single(rows, row => row.Status is not RowStatus.Ok).Code);
        Assert.Equal((ExitCode.Ok, ExitCode.Warnings), (RelayCheckVerb.ExitCodeOf(rows, false), RelayCheckVerb.ExitCodeOf(rows, true)));
    }

    [Theory]
    [InlineData("udp-port", ProtocolType.Udp, 3478)]
    [InlineData("tcp-port", ProtocolType.Tcp, 3478)]
    [InlineData("tls-port", ProtocolType.Tcp, 5349)]
    [InlineData("dtls-port", ProtocolType.Udp, 5349)]
    public void A_port_in_use_is_a_problem_and_names_who_has_it(string code, ProtocolType protocol, int port)
    {
        var open = new OpenPort(protocol is ProtocolType.Tcp, IPAddress.Any, port, 77);
        var machine = Good with
        {
            Bind = (asked, end) => asked == protocol && end.Port == port ? SocketError.AddressAlreadyInUse : null,
            OpenPorts = [open],
            OwnerOf = found => found == open ? "turnserver (pid 42)" : null,
        };
        var row = Row(code, RowStatus.Problem, machine, plan => plan with { Certificate = "/nowhere", Key = "/nowhere" });
        Assert.Contains("turnserver (pid 42)", row.Text, StringComparison.Ordinal);
        Row(code, RowStatus.Ok, machine with { OwnerOf = _ => "thaw (pid 42)" }, plan => plan with { Certificate = "/nowhere", Key = "/nowhere" });
    }

    [Theory]
    [InlineData(SocketError.AccessDenied, "more rights")]
    [InlineData(SocketError.AddressNotAvailable, "no address of this machine")]
    [InlineData(SocketError.NetworkDown, "NetworkDown")]
    public void Why_a_port_cannot_be_had_is_told(SocketError error, string said)
        => Assert.Contains(said, Row("udp-port", RowStatus.Problem, Good with { Bind = (_, _) => error }).Text, StringComparison.Ordinal);

    [Fact]
    public void A_port_that_changes_at_every_start_is_a_warning() => Row("udp-port", RowStatus.Warning, options: Served with { Port = 0 });

    [Fact]
    public void Nothing_to_listen_at_is_a_problem() => Row("listen", RowStatus.Problem, Good with { Host = new HostFacts() });

    [Theory]
    [InlineData(49152, 49252, 10_000, "", RowStatus.Warning)]          // fewer than the quota
    [InlineData(50000, 50500, 500, "", RowStatus.Warning)]             // the system gives them away
    [InlineData(50000, 50500, 500, "50000-50500", RowStatus.Ok)]
    [InlineData(50000, 50500, 500, "8080,49152-65535", RowStatus.Ok)]
    [InlineData(62000, 62500, 500, "", RowStatus.Ok)]                  // beyond what it gives away
    [InlineData(3000, 9000, 1000, "", RowStatus.Warning)]              // the listener is inside
    [InlineData(49152, 65535, 10_000, "", RowStatus.Ok)]
    public void The_range_is_large_enough_and_its_own(int first, int last, int quota, string reserved, object status)
        => Row("relay-range", status, Good with { ReservedPorts = reserved }, options: Served with { Server = Served.Server with { FirstRelayPort = (ushort)first, LastRelayPort = (ushort)last, TotalQuota = quota } });

    [Fact]
    public void A_range_that_others_use_is_a_warning()
        => Row("relay-range", RowStatus.Warning, Good with { OpenPorts = [.. Enumerable.Range(62000, 60).Select(port => new OpenPort(false, IPAddress.Any, port, 1))] },
            options: Served with { Server = Served.Server with { FirstRelayPort = 62000, LastRelayPort = 62099, TotalQuota = 50 } });

    [Theory]
    [InlineData("10.0.0.5", CloudProvider.Aws, ContainerKind.None, "public", RowStatus.Problem)]
    [InlineData("10.0.0.5", CloudProvider.None, ContainerKind.None, "public", RowStatus.Warning)]
    [InlineData("10.0.0.5", CloudProvider.None, ContainerKind.None, "lan", RowStatus.Ok)]
    [InlineData("10.0.0.5", CloudProvider.Aws, ContainerKind.None, "lan", RowStatus.Ok)]
    [InlineData("172.17.0.2", CloudProvider.None, ContainerKind.Docker, "public", RowStatus.Problem)]
    [InlineData("172.17.0.2", CloudProvider.None, ContainerKind.Docker, "lan", RowStatus.Warning)]
    [InlineData("100.64.0.9", CloudProvider.None, ContainerKind.None, "public", RowStatus.Problem)]
    [InlineData("203.0.113.7", CloudProvider.Aws, ContainerKind.None, "public", RowStatus.Ok)]
    public void An_address_that_clients_do_not_reach_is_told(string address, CloudProvider cloud, ContainerKind container, string profile, object status)
    {
        var host = new HostFacts { Cloud = cloud, Container = container, Addresses = [new InterfaceAddress("eth0", IPAddress.Parse(address), true, container is not ContainerKind.None)] };
        Row("address", status, Good with { Host = host }, plan => plan with { IsForPrivateNetworks = profile is "lan" });
    }

    [Theory]
    [InlineData("198.51.100.9", null)]                     // as it should be
    [InlineData("203.0.113.7", RowStatus.Warning)]         // its own
    [InlineData("10.0.0.9", RowStatus.Warning)]            // nobody outside reaches it
    [InlineData("2001:db8::9", RowStatus.Problem)]         // no local address of its family
    public void The_external_address_is_one_that_helps(string external, object? status)
        => Assert.Equal(status, Rows(options: Served with { ExternalAddresses = [IPAddress.Parse(external)] }).SingleOrDefault(row => row.Code is "external-ip")?.Status);

    [Fact]
    public void Two_external_addresses_of_a_family_are_one_too_many()
        => Row("external-ip", RowStatus.Problem, options: Served with { ExternalAddresses = [IPAddress.Parse("198.51.100.9"), IPAddress.Parse("198.51.100.10")] });

    [Fact]
    public void IPv6_that_is_there_and_unused_is_a_warning()
    {
        var both = Good with { Host = new HostFacts { Addresses = [.. Good.Host.Addresses, new InterfaceAddress("eth0", IPAddress.Parse("2001:db8::7"), true)] } };
        Row("ipv6", RowStatus.Ok, Good);
        Row("ipv6", RowStatus.Ok, both);
        Row("ipv6", RowStatus.Warning, both, options: Served with { Listen = [IPAddress.Parse("203.0.113.7")] });
    }

    [Fact]
    public void An_alternate_server_that_is_this_one_is_a_problem()
        => Row("alternate-server", RowStatus.Problem, options: Served with { Server = Served.Server with { Alternates = [new TransportAddress(IPAddress.Parse("203.0.113.7"), 3478)] } });

    [Theory]
    [InlineData("north", RowStatus.Problem)]
    [InlineData("CHANGEME", RowStatus.Problem)]
    [InlineData("a1B!x", RowStatus.Problem)]
    [InlineData("a1B!x7zQ9p", RowStatus.Warning)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaa", RowStatus.Warning)]
    [InlineData("my-company-secret-2024", RowStatus.Warning)]
    public void A_weak_secret_is_told_and_never_quoted(string secret, object status)
    {
        var row = Row("secret", status, options: Served with { Server = Served.Server with { SharedSecrets = [Strong, secret] } });
        Assert.DoesNotContain(secret, row.Text + string.Join(' ', row.Fix), StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("shared secret 2 of 2", row.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ada", "Ada", RowStatus.Problem)] // her name
    [InlineData("ada", "password", RowStatus.Problem)]
    public void So_is_a_weak_password(string name, string password, object status)
        => Row("user", status, options: Served with { Server = new TurnServerOptions { Users = [new TurnUser(name, password)] } });

    [Fact]
    public void Nobody_who_may_use_it_is_a_warning() => Row("credentials", RowStatus.Warning, options: new RelayHostOptions());

    [Fact]
    public void A_key_for_access_tokens_lets_somebody_in()
    {
        Assert.Null(OAuthKey.Read("north:MTIzNDU2Nzg5MDEyMzQ1Ng==", out var key));
        var row = Row("credentials", RowStatus.Ok, options: new RelayHostOptions { Server = new TurnServerOptions { OAuthKeys = [key!] } });
        Assert.Contains("1 key for access tokens", row.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("thaw", RowStatus.Warning)]
    [InlineData("turn.example.org", RowStatus.Ok)]
    public void Users_of_long_standing_want_a_realm(string realm, object status)
        => Row("realm", status, options: Served with { Server = new TurnServerOptions { Realm = realm, Users = [new TurnUser("ada", Strong)] } });

    [Theory]
    [InlineData(1024, RowStatus.Warning)]
    [InlineData(12_000, RowStatus.Ok)]
    [InlineData(null, RowStatus.Unknown)]
    public void Files_are_enough_for_the_quota(int? limit, object status) => Row("open-files", status, Good with { OpenFiles = limit });

    [Theory]
    [InlineData(212_992, RowStatus.Warning)]
    [InlineData(4_194_304, RowStatus.Ok)]
    [InlineData(null, RowStatus.Unknown)]
    public void Buffers_hold_a_burst(int? max, object status) => Row("udp-buffers", status, Good with { ReceiveBufferMax = max });

    [Theory]
    [InlineData(100, 262_144, RowStatus.Ok)]
    [InlineData(100, 16_384, RowStatus.Warning)]
    [InlineData(250_000, 262_144, RowStatus.Problem)]
    public void The_firewall_can_track_all(int used, int max, object status) => Row("conntrack", status, Good with { ConnectionsTracked = used, ConnectionsTrackedMax = max });

    [Fact]
    public void The_clock_is_sane()
    {
        Row("clock", RowStatus.Ok);
        Row("clock", RowStatus.Problem, Good with { Now = new DateTimeOffset(1970, 1, 1, 0, 5, 0, TimeSpan.Zero) });
        Row("clock", RowStatus.Unknown, Good with { IsClockSynchronised = null });
    }

    [Fact]
    public void The_systems_own_files_are_understood()
    {
        var machine = Machine.From(path => path switch
        {
            "/proc/self/limits" => "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n",
            "/proc/sys/net/ipv4/ip_local_port_range" => "32768\t60999\n",
            "/proc/sys/net/ipv4/ip_local_reserved_ports" => "8080\n",
            "/proc/sys/net/core/rmem_max" => "212992\n",
            "/proc/sys/net/netfilter/nf_conntrack_max" => "262144\n",
            "/proc/net/udp" => "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n  123: 0100007F:0D96 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0\n",
            "/proc/net/tcp6" => "  sl\n   0: 00000000000000000000000001000000:14E5 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0\n   1: 00000000000000000000000001000000:14E6 00000000000000000000000000000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0\n",
            _ => null,
        });

        Assert.Equal((1024L, (32768, 60999), "8080", 212_992L, 262_144L), (machine.OpenFiles, machine.EphemeralPorts!.Value, machine.ReservedPorts, machine.ReceiveBufferMax, machine.ConnectionsTrackedMax));
        Assert.Equal([new OpenPort(false, IPAddress.Loopback, 3478, 4711), new OpenPort(true, IPAddress.IPv6Loopback, 5349, 4712)], machine.OpenPorts);
        Assert.Empty(Machine.From(_ => null).OpenPorts);
    }

    [Theory]
    [InlineData("0.0.0.0", "203.0.113.7", true)]
    [InlineData("::", "203.0.113.7", true)] // of both families
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.8", "203.0.113.7", false)]
    [InlineData("0.0.0.0", "2001:db8::7", false)]
    public void Whose_socket_blocks_a_port_is_judged_by_its_address(string open, string wanted, bool blocks)
        => Assert.Equal(blocks, new OpenPort(false, IPAddress.Parse(open), 3478, 1).Blocks(new IPEndPoint(IPAddress.Parse(wanted), 3478)));

    [Theory]
    [InlineData(VantageOutcome.Heard, RowStatus.Ok, ExitCode.Ok)]
    [InlineData(VantageOutcome.Nothing, RowStatus.Problem, ExitCode.Found)]
    [InlineData(VantageOutcome.Refused, RowStatus.Unknown, ExitCode.Inconclusive)]
    [InlineData(VantageOutcome.NoFamily, RowStatus.Unknown, ExitCode.Inconclusive)]
    public void What_another_relay_saw_is_told(VantageOutcome outcome, object status, int exit)
    {
        CheckRow[] rows = [.. OutsideRows.Judge("there", ["UDP here:3478"], new VantageReport(true, null, new TransportAddress(IPAddress.Parse("203.0.113.7"), 5), [outcome]), Plan(Good, Served))];
        Assert.Equal(status, rows.Single(row => row.Code is "outside").Status);
        Assert.Equal(exit, RelayCheckVerb.ExitCodeOf(rows, false));
        Assert.DoesNotContain(rows, row => row.Code is "outside-address");
    }

    [Fact]
    public void An_address_that_another_relay_sees_and_clients_are_not_told_is_a_warning_with_the_right_one()
    {
        var report = new VantageReport(true, null, new TransportAddress(IPAddress.Parse("198.51.100.9"), 5), []);
        var row = Assert.Single(OutsideRows.Judge("there", [], report, Plan(Good, Served)), row => row.Code is "outside-address");
        Assert.Equal(["--external-ip 198.51.100.9"], row.Fix);
    }

    [Fact]
    public void A_relay_that_does_not_let_us_look_makes_it_inconclusive()
    {
        var failed = new TurnClientEvent.Failed(GatheringFailure.Unauthorized, 401, "Unauthorized");
        var rows = OutsideRows.Judge("there", [], new VantageReport(false, failed, default, []), Plan(Good, Served)).ToArray();
        Assert.Contains("401", Assert.Single(rows).Text, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Inconclusive, RelayCheckVerb.ExitCodeOf(rows, false));
        Assert.Contains("did not answer", Assert.Single(OutsideRows.Judge("there", [], new VantageReport(false, null, default, []), Plan(Good, Served))).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("relay.example.org", "turn:relay.example.org")]
    [InlineData("192.0.2.1:3999", "turn:192.0.2.1:3999")]
    [InlineData("turn:relay.example.org", "turn:relay.example.org")]
    [InlineData("""{"urls":"turn:relay.example.org","username":"u","credential":"hush"}""", "turn:relay.example.org")]
    [InlineData("turns:relay.example.org", null)]
    [InlineData("stun:relay.example.org", null)]
    [InlineData("[]", null)]
    [InlineData("""{"urls":"turn:a","username":"u"}""", null)]
    public void The_other_relay_is_named_by_host_or_url(string text, string? url)
    {
        var (servers, error) = RelayCheckVerb.ParseFrom(text);
        Assert.Equal(url, servers is [var only] ? only.Urls[0] : null);
        Assert.Equal(url is null, error.Length > 0);
        Assert.DoesNotContain("hush", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_has_a_line_for_each_row_and_its_fix_below()
    {
        string[] lines = [.. RelayCheckVerb.Lines([CheckRow.Ok("a", "well."), CheckRow.Problem("bb", "not.", "mend it")])];
        Assert.Equal(["ok       a   well.", "problem  bb  not.", "               mend it", "", "1 problem, 0 warnings, 0 unknown."], lines);
    }

    [Fact]
    public void The_document_has_the_exit_code_in_it()
    {
        string json = JsonSerializer.Serialize(new CheckReport(1, [new CheckLine("a", "ok", "well.", [])], 0), CheckJson.Default.CheckReport);
        Assert.Equal("""{"schemaVersion":1,"rows":[{"code":"a","status":"ok","text":"well.","fix":[]}],"exitCode":0}""", json);
    }

    [Theory]
    [InlineData(60, RowStatus.Ok)]
    [InlineData(20, RowStatus.Warning)]
    [InlineData(5, RowStatus.Problem)]
    [InlineData(-1, RowStatus.Problem)]
    public void A_certificate_is_valid_for_long_enough(int days, object status)
        => Assert.Equal(status, Judge(Leaf(Now.AddDays(-90), Now.AddDays(days)), null, "certificate-dates"));

    [Fact]
    public void One_of_the_future_is_a_problem() => Assert.Equal(RowStatus.Problem, Judge(Leaf(Now.AddDays(1), Now.AddDays(90)), null, "certificate-dates"));

    [Theory]
    [InlineData("turn.example.org", RowStatus.Ok)]
    [InlineData("a.wild.example.org", RowStatus.Ok)]
    [InlineData("example.org", RowStatus.Problem)]
    [InlineData(null, RowStatus.Unknown)]
    public void It_names_the_server(string? name, object status) => Assert.Equal(status, Judge(Leaf(Now.AddDays(-1), Now.AddDays(90)), name, "certificate-name"));

    [Fact]
    public void The_key_is_its_own()
    {
        var (certificate, _, key) = Leaf(Now.AddDays(-1), Now.AddDays(90));
        var (_, _, other) = Leaf(Now.AddDays(-1), Now.AddDays(90));
        Assert.Equal(RowStatus.Ok, Judge(certificate, key, "certificate-key"));
        Assert.Equal(RowStatus.Problem, Judge(certificate, other, "certificate-key"));
        Assert.Equal(RowStatus.Problem, Judge(certificate, "nonsense", "certificate-key"));
        Assert.Equal(RowStatus.Problem, Judge(certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----", "certificate-key"));
        Assert.Equal(RowStatus.Problem, Judge("nonsense", key, "certificate"));
    }

    [Fact]
    public void The_chain_is_in_the_file_or_the_check_says_what_is_missing()
    {
        var (certificate, authority, key) = Leaf(Now.AddDays(-1), Now.AddDays(90));
        var missing = CertificateRows.Judge(certificate, key, null, Now).Single(row => row.Code is "certificate-chain");
        Assert.Equal(RowStatus.Problem, missing.Status);
        Assert.Contains("CN=Test authority", missing.Text, StringComparison.Ordinal);
        Assert.Equal(RowStatus.Warning, Judge(certificate + "\n" + authority, key, "certificate-chain")); // whom this machine does not trust
        Assert.Equal(RowStatus.Warning, Judge(authority, key, "certificate-chain"));                      // vouches for itself
    }

    [Fact]
    public void Files_of_a_certificate_that_cannot_be_read_or_are_read_by_all_are_told()
    {
        Row("certificate", RowStatus.Problem, plan: plan => plan with { Certificate = "/nowhere/cert.pem", Key = "/nowhere/key.pem" });
        Row("certificate", RowStatus.Problem, plan: plan => plan with { Certificate = "/nowhere/cert.pem" });
        if (OperatingSystem.IsWindows()) return; // where rights of files are another matter

        string path = Path.GetTempFileName();
        try
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Row("key-rights", RowStatus.Warning, plan: plan => plan with { Certificate = path, Key = path });
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_plan_follows_the_flags()
    {
        var parsed = CommandTree.Root().Parse("relay check --listen 203.0.113.7 --external-ip 198.51.100.9 --port 4000 --auth-secret x --strict");
        Assert.Empty(parsed.Errors);
        var plan = RelayPlan.Of(Thaw.Cli.Verbs.Relay.OptionsFrom(parsed), Good);
        Assert.Equal("198.51.100.9", Assert.Single(plan.Relays).Announced.Address.ToString());
    }

    private static RowStatus Judge((string Certificate, string, string Key) leaf, string? name, string code)
        => CertificateRows.Judge(leaf.Certificate, leaf.Key, name, Now).Single(row => row.Code == code).Status;

    private static RowStatus Judge(string certificates, string key, string code) => CertificateRows.Judge(certificates, key, null, Now).Single(row => row.Code == code).Status;

    private static CheckRow Row(string code, object status, Machine? machine = null, Func<RelayPlan, RelayPlan>? plan = null, RelayHostOptions? options = null)
    {
        var row = Rows(machine, plan, options).First(row => row.Code == code);
        Assert.Equal((RowStatus)status, row.Status);
        if (status is RowStatus.Problem or RowStatus.Warning) Assert.True(row.Fix.Count > 0 || code is "udp-port", $"{code} says no fix");
        return row;
    }

    private static CheckRow[] Rows(Machine? machine = null, Func<RelayPlan, RelayPlan>? plan = null, RelayHostOptions? options = null)
    {
        var planned = Plan(machine ?? Good, options ?? Served);
        return [.. RelayCheckVerb.Rows(plan is null ? planned : plan(planned), machine ?? Good, conf: null)];
    }

    private static RelayPlan Plan(Machine machine, RelayHostOptions options) => RelayPlan.Of(options, machine);

    private static (string Certificate, string Authority, string Key) Leaf(DateTimeOffset from, DateTimeOffset until)
    {
        using ECDsa root = ECDsa.Create(ECCurve.NamedCurves.nistP256), key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=Test authority", root, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var signer = authority.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1));
        var request = new CertificateRequest("CN=turn", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("turn.example.org");
        names.AddDnsName("*.wild.example.org");
        request.CertificateExtensions.Add(names.Build());
        using var leaf = request.Create(signer, from, until, [1, 2, 3, 4]);
        return (leaf.ExportCertificatePem(), signer.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
