using Thaw.Audit.Known;
using Xunit;

namespace Thaw.Tests.Audit;

public sealed class SourceTests
{
    [Theory]
    [InlineData("const t = new SmallWebRTCTransport();", true)]
    [InlineData("const t = new SmallWebRTCTransport({});", true)]
    [InlineData("const t = new SmallWebRTCTransport({ enableMic: true, // iceServers: []\n });", true)]
    [InlineData("const t = new SmallWebRTCTransport({ label: \"iceServers: x\" });", true)]
    [InlineData("const t = new SmallWebRTCTransport({ nested: { iceServers: [] } });", true)]
    [InlineData("const t = new SmallWebRTCTransport({ mediaManager: m, iceServers: [{ urls: 'stun:a' }] });", false)]
    [InlineData("const t = new SmallWebRTCTransport({ iceServers });", false)]
    [InlineData("const t = new SmallWebRTCTransport(options);", false)] // who can tell
    [InlineData("const t = new SmallWebRTCTransport({ ...options });", false)]
    [InlineData("const t = new SmallWebRTCTransport();\nt.iceServers = servers;", false)]
    [InlineData("// new SmallWebRTCTransport()", false)]
    [InlineData("const s = `new SmallWebRTCTransport()`;", false)]
    public void A_client_without_ice_servers_is_named_and_one_that_has_them_somehow_is_not(string code, bool expected)
        => Assert.Equal(expected, TemporaryProject.Audit(("src/call.ts", $"import x;\n{code}\n")).Findings.Any(f => f.Rule == "client-without-ice-servers"));

    [Fact]
    public void Servers_from_the_start_answer_are_servers()
        => Assert.DoesNotContain(
            TemporaryProject.Audit(("a.js", "new SmallWebRTCTransport()"), ("b.ts", "connect({ iceConfig: answer.iceConfig })")).Findings, f => f.Rule == "client-without-ice-servers");

    [Fact]
    public void The_place_is_the_line_of_the_call()
    {
        var report = TemporaryProject.Audit(("web/app.tsx", "/* two\nlines */\nconst t =\n  new SmallWebRTCTransport({\n    waitForICEGathering: true,\n  });\n"));
        var found = Assert.Single(report.Findings, f => f.Rule == "client-waits-for-gathering");
        Assert.Equal(("web/app.tsx", 4, "new SmallWebRTCTransport({"), (found.File, found.Line, found.Quote));
        Assert.Contains(report.Findings, f => f.Rule == "client-media-manager-from-cdn");
    }

    [Theory]
    [InlineData("c = SmallWebRTCConnection()", "backend-connection-without-ice-servers")]
    [InlineData("c = SmallWebRTCConnection(connection_timeout_secs=30)", "backend-connection-without-ice-servers")]
    [InlineData("c = SmallWebRTCConnection(ice_servers)", null)]
    [InlineData("c = SmallWebRTCConnection(\n    ice_servers=[IceServer(urls='stun:a')],\n)", null)]
    [InlineData("c = SmallWebRTCConnection(**settings)", null)]
    [InlineData("class SmallWebRTCConnection(Base):\n    pass", null)]
    [InlineData("# SmallWebRTCConnection()", null)]
    [InlineData("\"\"\"SmallWebRTCConnection()\"\"\"", null)]
    [InlineData("h = SmallWebRTCRequestHandler()", "backend-handler-without-ice-servers")]
    [InlineData("h = SmallWebRTCRequestHandler(host='a', ice_servers=s)", null)]
    [InlineData("t = SmallWebRTCTransport(webrtc_connection=c, params=p, ice_servers=s)", "backend-ice-servers-misplaced")]
    [InlineData("from aiortc import RTCPeerConnection\npc = RTCPeerConnection()", "aiortc-without-ice-servers")]
    [InlineData("from aiortc import RTCPeerConnection\npc = RTCPeerConnection(config)", null)]
    [InlineData("from pipecat.runner.run import main\nmain()", "runner-without-ice-servers")]
    public void A_backend_is_judged_by_its_calls(string code, string? rule)
        => Assert.Equal(rule, TemporaryProject.Audit(("bot.py", $"{code}\n")).Findings.SingleOrDefault()?.Rule);

    [Fact]
    public void A_runner_that_gets_its_servers_from_the_environment_is_well()
        => Assert.Empty(TemporaryProject.Audit(("bot.py", "from pipecat.runner.run import main"), ("Dockerfile", "ENV PIPECAT_ICE_SERVERS=stun:stun.example.org")).Findings);

    [Theory]
    [InlineData("listening-port=3478\nrealm=example.org\nmin-port=50000\nmax-port=50100", "coturn-without-external-ip")]
    [InlineData("listening-port=3478\nlistening-ip=10.0.0.4\nrealm=r\nmin-port=50000\nmax-port=50100", "coturn-without-external-ip")]
    [InlineData("relay-ip=198.51.100.7\nlistening-ip=198.51.100.7\nuse-auth-secret\nstatic-auth-secret=s", "coturn-without-realm")]
    [InlineData("listening-port=3478\nrealm=r\nexternal-ip=198.51.100.7", "coturn-without-port-range")]
    [InlineData("relay-ip=0.0.0.0\nlistening-port=3478\nrealm=r\nexternal-ip=198.51.100.7\nmin-port=1", "coturn-relays-from-anywhere")]
    [InlineData("listening-ip=198.51.100.7\nrealm=r\nuse-auth-secret\nstatic-auth-secret=s\nuser=a:b", "coturn-secret-and-users")]
    [InlineData("listening-ip=198.51.100.7\nrealm=r\nuse-auth-secret", "coturn-secret-missing")]
    [InlineData("listening-ip=198.51.100.7\nrealm=r\nno-udp-relay\nlt-cred-mech", "coturn-no-udp-relay")]
    [InlineData("# realm=commented\nlistening-ip=198.51.100.7\nrealm=r\nlt-cred-mech\nuser=a:b", null)]
    [InlineData("listen 80;\nserver_name example.org;\nrealm=x", null)] // some other program's
    public void A_turnserver_conf_is_judged_by_its_directives(string text, string? rule)
        => Assert.Equal(rule, TemporaryProject.Audit(("turn/turnserver.conf", text)).Findings.SingleOrDefault()?.Rule);

    [Fact]
    public void Secrets_are_not_quoted()
    {
        var report = TemporaryProject.Audit(("turnserver.conf", "user=bob:hunter2\nuse-auth-secret\nstatic-auth-secret=topsecret\nrelay-ip=0.0.0.0"));
        Assert.DoesNotContain(report.Findings, f => f.Quote.Contains("hunter2", StringComparison.Ordinal) || f.Quote.Contains("topsecret", StringComparison.Ordinal));
    }

    [Fact]
    public void The_quote_of_every_finding_stands_in_its_line()
    {
        (string Path, string Text)[] files =
        [
            ("bot.py", "from aiortc import RTCPeerConnection\n\npc = RTCPeerConnection()\nc = SmallWebRTCConnection()\n"), ("requirements.txt", "\n\naiortc==1.3.0\npipecat-ai==0.0.60\n"),
            ("c.js", "const a = 1; new SmallWebRTCTransport({waitForICEGathering: true})"), ("t.conf", "listening-port=1\nuse-auth-secret\n"),
        ];
        var report = TemporaryProject.Audit(files);
        Assert.True(report.Findings.Count > 8);
        Assert.All(report.Findings, f => Assert.Contains(f.Quote, files.Single(file => file.Path == f.File).Text.Split('\n')[f.Line - 1], StringComparison.Ordinal));
    }

    [Fact]
    public void The_shipped_facts_are_whole()
    {
        Rule[] rules = [.. KnownHangs.Shipped.Packages, .. KnownHangs.Shipped.Calls, .. KnownHangs.Shipped.Texts, .. KnownHangs.Shipped.Coturn];
        Assert.Equal(rules.Length, rules.Select(rule => rule.Id).Distinct().Count());
        Assert.All(rules, rule => Assert.All(rule.Sources, source => Assert.True(Uri.TryCreate(source, UriKind.Absolute, out var uri) && uri.Scheme is "https", source)));
        Assert.All(rules, rule => Assert.True(rule.Why.Length > 20 && rule.Change.Length > 0 && rule.Cause.Length > 0 && rule.Sources.Count > 0, rule.Id));
        Assert.All(KnownHangs.Shipped.Packages, rule => Thaw.Audit.Versions.PackageVersion.Parse(rule.Before));
    }
}
