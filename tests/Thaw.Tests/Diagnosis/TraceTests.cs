using System.Text;
using CsCheck;
using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Verdicts;
using Thaw.Protocol;
using Thaw.Protocol.Peer;
using Xunit;

namespace Thaw.Tests.Diagnosis;

public sealed class TraceTests
{
    private static readonly Input AnyInput = new("in1", "trace", null, true, []);

    private static IEnumerable<Call> Calls => Scenario.All.SelectMany(s => new[] { s.Golden, s.Counter }).Concat(WorkingCalls.All.Values);

    [Fact]
    public void What_is_written_reads_the_same_again()
    {
        foreach (var call in Calls)
        {
            var trace = TraceReader.Read(TraceWriter.Write(call.Facts));
            Assert.Equal((true, 0, 0, 0), (trace.HasHead, trace.UnknownKinds, trace.Malformed, trace.LeftOut));
            Assert.Equal(call.Facts.Select(TraceWriter.Line), trace.Facts.Select(TraceWriter.Line));
        }
    }

    [Fact]
    public void A_replayed_trace_comes_to_the_same_verdict_as_the_live_attempt()
    {
        foreach (var call in Calls)
        {
            var live = Judgement.Of(call.Facts);
            var trace = TraceReader.Read(TraceWriter.Write(call.Facts));
            var replayed = Judgement.Of(trace.Facts, trace.Text, AnyInput);
            Assert.Equal((live.Outcome, live.Stage, live.ExitCode, live.RootCause?.Id, live.RootCause?.Confidence), (replayed.Outcome, replayed.Stage, replayed.ExitCode, replayed.RootCause?.Id, replayed.RootCause?.Confidence));
            Assert.Equal(live.Evidence.Select(e => e.ReadsAs), replayed.Evidence.Select(e => e.ReadsAs));
            Assert.Equal(VerdictJson.Text(replayed), VerdictJson.Text(Judgement.Of(trace.Facts, trace.Text, AnyInput))); // to the byte
        }
    }

    [Fact]
    public void Every_kind_of_fact_stands_in_the_scenarios_and_is_known_to_the_reader()
    {
        string[] told = [.. Calls.SelectMany(call => call.Facts).Select(fact => fact.GetType().Name).Append(nameof(Fact.Nat)).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(typeof(Fact).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(Fact))).Select(type => type.Name).Order(StringComparer.Ordinal), told);
        Assert.Equal(FactKinds.All.Count, told.Length);
    }

    [Fact]
    public void Lines_of_another_version_are_counted_and_passed_over()
    {
        var trace = TraceReader.Read(Encoding.UTF8.GetBytes("\uFEFF" + TraceWriter.Head + "\r\n" + """
            {"kind":"telepathy","t":1,"side":"browser"}

            {"t":12.5,"state":"open","side":"browser","kind":"channel","colour":"blue"}
            {"kind":"channel","t":1e999,"side":"browser","state":"open"}
            {"kind":"channel","t":1,"side":"moon","state":"open"}
            {"kind":"channel","t":1,"side":"browser"}
            {"kind":"channel","t":1,"side":"browser","state":null}
            {"kind":"\ud800"}
            [1,2]
            not json
            """));
        Assert.Equal((true, 1, 7), (trace.HasHead, trace.UnknownKinds, trace.Malformed));
        var channel = Assert.IsType<Fact.Channel>(Assert.Single(trace.Facts));
        Assert.Equal((12.5, "open", 4), (channel.T, channel.State, channel.From!.Line));
    }

    [Fact]
    public void A_trace_is_never_larger_in_memory_than_its_limit()
    {
        string line = """{"kind":"still","t":1,"side":"browser"}""" + "\n";
        var trace = TraceReader.Read(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line, TraceReader.MaxFacts + 3))));
        Assert.Equal((TraceReader.MaxFacts, 3), (trace.Facts.Count, trace.LeftOut));
    }

    [Fact]
    public void The_protocols_own_evidence_becomes_a_fact()
    {
        var seen = new AttemptEvidence
        {
            Elapsed = TimeSpan.FromSeconds(9),
            Local = new CandidateCounts(2, 0, 0, 0),
            Remote = new CandidateCounts(1, 0, 0, 0, HostNames: 2),
            Pairs = 2,
            ChecksSent = 30,
            ChecksAnswered = 0,
            ChecksRefused = 0,
            StunError = 0,
            ChecksReceived = 0,
            Datagrams = 12,
            DtlsDatagrams = 0,
            DtlsFlight = 0,
            DtlsRepeats = 0,
            IsEncrypted = false,
            IsAssociated = false,
            Dropped = new Dictionary<DropReason, int> { [DropReason.BadIntegrity] = 12 },
        };
        var fact = Fact.ServerAttempt.Of(PeerFailure.ChecksTimedOut, "no path", seen);
        Assert.Equal((PathFinding.WrongCredentials, 12, 2), (fact.Path, fact.BadIntegrity, fact.Remote.HostNames));
        Assert.Contains("\"path\":\"wrong-credentials\"", TraceWriter.Line(fact), StringComparison.Ordinal);
        Assert.Equal("ufrag-or-pwd-mismatch", Judgement.Of([fact with { T = 9_000, Side = Side.Server }]).RootCause?.Id);
    }

    [Theory]
    [InlineData("192.168.1.7", AddressClass.Private)]
    [InlineData("172.17.0.2", AddressClass.Container)]
    [InlineData("10.0.2.15", AddressClass.Vm)]
    [InlineData("10.0.3.15", AddressClass.Private)]
    [InlineData("100.64.0.1", AddressClass.Provider)]
    [InlineData("169.254.1.1", AddressClass.Link)]
    [InlineData("fe80::1%eth0", AddressClass.Link)]
    [InlineData("fd00::1", AddressClass.Private)]
    [InlineData("::1", AddressClass.Loopback)]
    [InlineData("0.0.0.0", AddressClass.Unspecified)]
    [InlineData("", AddressClass.Unspecified)]
    [InlineData("203.0.113.7", AddressClass.Public)]
    [InlineData("::ffff:10.1.2.3", AddressClass.Private)]
    [InlineData("2001:db8::1", AddressClass.Public)]
    [InlineData("4f1c.local", AddressClass.Mdns)]
    [InlineData("voice.example.org", AddressClass.Name)]
    [InlineData("1.2.3", AddressClass.Name)]
    [InlineData("private-2", AddressClass.Private)]
    [InlineData("public6-1f3a90c2", AddressClass.Public)]
    [InlineData("publicity.example.org", AddressClass.Name)]
    public void An_address_has_a_class(string address, AddressClass expected) => Assert.Equal(expected, AddressClasses.Of(address));

    [Fact]
    public void A_token_keeps_class_family_and_equality()
    {
        var redaction = new Redaction();
        Assert.Equal("from private-1 and private-1 to public6-1, version 1.2.3.4.5 and 12:30:05", redaction.Of("from 192.168.1.7 and 192.168.1.7 to 2001:4860::8, version 1.2.3.4.5 and 12:30:05"));
        Assert.Equal("[public6-1]:443 mdns-1 127.0.0.1 public-1:5000", redaction.Of("[2001:4860::8]:443 4f1c-0000.local 127.0.0.1 8.8.8.8:5000"));
        Assert.Equal("stun:public-2:3478 IP:public-2, a=fingerprint:AB:CD:EF:01:23:45:67:89:AB:CD", redaction.Of("stun:203.0.113.7:3478 IP:203.0.113.7, a=fingerprint:AB:CD:EF:01:23:45:67:89:AB:CD"));
        Assert.True(AddressClasses.IsIPv6("public6-1"));
        Assert.False(AddressClasses.IsIPv6("private-1"));
    }

    [Fact]
    public void Without_its_addresses_a_trace_comes_to_the_same_verdict()
    {
        foreach (var call in Calls)
        {
            var redaction = new Redaction();
            string text = string.Join('\n', Encoding.UTF8.GetString(TraceWriter.Write(call.Facts)).Split('\n').Select(redaction.Of));
            Assert.DoesNotMatch(@"\d+\.\d+\.\d+\.\d+", text.Replace("0.0.0.0", "", StringComparison.Ordinal));
            var trace = TraceReader.Read(Encoding.UTF8.GetBytes(text));
            Assert.Equal(Judgement.FindingsOf(call.Facts), Judgement.FindingsOf(trace.Facts));
        }
    }

    [Fact]
    public void A_random_address_is_always_replaced()
        => Gen.Select(Gen.Byte, Gen.Byte, Gen.Byte, Gen.Byte).Sample((a, b, c, d) =>
        {
            string address = $"{a}.{b}.{c}.{d}", text = new Redaction().Of($$"""{"address":"{{address}}","x":"({{address}}:80)"}""");
            return AddressClasses.Of(address) is AddressClass.Loopback or AddressClass.Unspecified || !text.Contains(address, StringComparison.Ordinal);
        }, iter: 500);
}
