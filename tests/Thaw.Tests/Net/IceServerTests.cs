using System.CommandLine;
using Microsoft.Extensions.Logging;
using Thaw.Cli.Verbs;
using Thaw.IceServers.Reading;
using Thaw.Net;
using Thaw.Net.Gathering;
using Thaw.Protocol;
using Thaw.Voice;
using Xunit;

namespace Thaw.Tests.Net;

/// <summary>ICE servers as people write them, and what they are told of them.</summary>
public sealed class IceServerTests
{
    private const string Secret = "s3cret-of-ours";

    [Theory]
    [InlineData("stun:a.example", 1)]
    [InlineData("stun:a.example,stun:b.example stun:c.example", 3)]
    [InlineData("""["stun:a.example", "stun:b.example"]""", 2)]
    [InlineData("""{"urls": "turn:a.example", "username": "u", "credential": "p"}""", 1)]
    [InlineData("""[{"urls": ["turn:a.example", "turns:a.example"], "username": "u", "credential": "p", "credentialType": "password"}, "stun:b.example"]""", 2)]
    [InlineData("", 0)]
    [InlineData("[]", 0)]
    public void A_list_is_read(string text, int count)
    {
        Assert.True(IceServerText.TryRead(text, DateTimeOffset.UnixEpoch, out var servers, out string error), error);
        Assert.Equal(count, servers.Count);
    }

    [Theory]
    [InlineData("stun:a.example,nonsense", "\"nonsense\"")]
    [InlineData("turn:a.example", "both are missing")]
    [InlineData("""{"urls": "turn:a.example", "username": "u"}""", "the credential is missing")]
    [InlineData("""{"urls": "turn:a.example:x", "username": "u", "credential": "s3cret-of-ours"}""", "a port is a number")]
    [InlineData("""{"username": "u", "credential": "s3cret-of-ours"}""", "no \"urls\"")]
    [InlineData("""{"urls": 5, "credential": "s3cret-of-ours"}""", "no \"urls\"")]
    [InlineData("""[{"urls": "stun:a.example"}, 5]""", "neither a URL nor an object")]
    [InlineData("""{"urls": "turn:a.example", "credential": "s3cret-of-ours""", "not JSON at line 1")]
    [InlineData("""{"urls": "turn:a.example", s3cret-of-ours}""", "not JSON at line 1")]
    public void A_wrong_list_is_refused_with_words_that_give_no_secret_away(string text, string named)
    {
        Assert.False(IceServerText.TryRead(text, DateTimeOffset.UnixEpoch, out _, out string error));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error, StringComparison.Ordinal);

        var parsed = new RootCommand { Serve.Command() }.Parse(["serve", "--ice-servers", text]);
        Assert.Contains(parsed.Errors, e => e.Message.StartsWith("--ice-servers: ", StringComparison.Ordinal));
        Assert.DoesNotContain(parsed.Errors, e => e.Message.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void A_server_tells_no_secret_as_text()
        => Assert.DoesNotContain(Secret, $"{new IceServer(["turn:a.example"], "u", Secret)}", StringComparison.Ordinal);

    [Fact]
    public void Flags_may_be_repeated_and_come_to_the_server_as_they_are()
    {
        string[] line = ["serve", "--ice-servers", $$"""{"urls": "turn:a.example", "username": "u", "credential": "{{Secret}}"}""", "--ice-servers", "stun:b.example,stun:c.example"];
        var options = Serve.OptionsFrom(new RootCommand { Serve.Command() }.Parse(line));

        Assert.Equal(["turn:a.example", "stun:b.example", "stun:c.example"], options.IceServers.SelectMany(s => s.Urls));
        Assert.Equal(Secret, options.IceServers[0].Credential);
    }

    [Fact]
    public void Advice_in_the_words_of_the_users_own_command_line_repeats_no_secret()
    {
        string[] line = ["serve", "--ice-servers", $$"""{"urls": "turn:a.example", "username": "u", "credential": "{{Secret}}"}""", "stun:b.example", "--udp-port", "7000"];
        var remedies = Serve.RemediesFor(new RootCommand { Serve.Command() }.Parse(line), 7860, 7000, null);

        Assert.Equal(["--ice-servers", "SERVERS", "--udp-port", "7000"], remedies.Line);
    }

    [Fact]
    public void Sources_come_from_the_flag_and_their_secrets_stay_out_of_advice_and_errors()
    {
        string[] line = ["serve", "--ice-source", $"coturn:host=a.example,secret={Secret}", "google", "--udp-port", "7000"];
        var parsed = new RootCommand { Serve.Command() }.Parse(line);

        Assert.Empty(parsed.Errors);
        Assert.True(IceServerOptions.TryCreate(parsed, new(), out var sources, out string error), error);
        Assert.Equal(["coturn", "google"], sources.Select(s => s.Name));
        Assert.False(IceServerOptions.TryCreate(new RootCommand { Serve.Command() }.Parse(["serve", "--ice-source", "google", "google"]), new(), out _, out error));
        Assert.Equal("two sources are named google: give one of them name=…", error);
        Assert.Equal(["--ice-source", "SOURCE", "--udp-port", "7000"], Serve.RemediesFor(parsed, 7860, 7000, null).Line);
    }

    [Theory]
    [InlineData("nobody:secret=s3cret-of-ours", "--ice-source: no preset \"nobody\"")]
    [InlineData("coturn:s3cret-of-ours", "--ice-source: coturn: after the colon comes key=value")]
    public void A_wrong_source_is_a_usage_error_without_its_secret(string source, string said)
    {
        string message = Assert.Single(new RootCommand { Serve.Command() }.Parse(["serve", "--ice-source", source]).Errors).Message;
        Assert.StartsWith(said, message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_refuses_a_server_that_it_cannot_read()
    {
        var refusal = Assert.Throws<PeerHostException>(() => PeerHost.Open(new() { UdpPort = 0, IceServers = [new(["turn:a.example"])] }, TimeProvider.System));
        Assert.Equal(PeerHostError.BadIceServer, refusal.Error);
        Assert.StartsWith("ICE server \"turn:a.example\": a TURN server wants", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_server_has_one_line_and_another_when_its_outcome_changes()
    {
        var lines = new Lines();
        var log = new IceServerLog(new VoiceServerOptions { IceServers = [new(["turn:a.example"], "1500000000:u", Secret)] });
        var at = new TransportAddress(System.Net.IPAddress.Parse("203.0.113.7"), 4000);
        log.Observe(new Observation.MappedAddressLearned("stun:b.example", at, at, TimeSpan.FromMilliseconds(20))); // before there is a log
        log.Attach(lines);

        Failed("turn:a.example", GatheringFailure.Unauthorized, 401);
        Failed("turn:a.example", GatheringFailure.Unauthorized, 401);
        Failed("turn:c.example", GatheringFailure.ConnectionFailed, 0, "TLS: the certificate is not trusted, or names another host");
        Failed("turn:c.example", GatheringFailure.Timeout, 0);
        log.Observe(new Observation.RelayAllocated("turn:c.example", at, at, TimeSpan.FromMinutes(10), TimeSpan.FromMilliseconds(30)));
        Failed("turn:c.example", GatheringFailure.Timeout, 0); // by another of its addresses
        log.Observe(new Observation.RelayLost("turn:c.example", at, GatheringFailure.Expired));

        Assert.Equal(
        [
            "ICE server stun:b.example has told a public address, in 20 ms",
            "ICE server turn:a.example is of no use: 401, the credential has expired; next try in 30 s",
            "ICE server turn:c.example is of no use: TLS: the certificate is not trusted, or names another host; next try in 30 s",
            "ICE server turn:c.example is of no use: no answer; next try in 30 s",
            "ICE server turn:c.example relays, in 30 ms",
            "ICE server turn:c.example relays no more: Expired",
        ], lines.Written);

        void Failed(string server, GatheringFailure cause, int code, string detail = "")
            => log.Observe(new Observation.GatheringFailed(server, at, cause, code, detail, TimeSpan.FromSeconds(30)));
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Written.Add(formatter(state, exception));
    }
}
