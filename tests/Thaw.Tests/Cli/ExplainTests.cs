using System.Text;
using Thaw.Cli;
using Thaw.Cli.Verbs;
using Thaw.Diagnosis.Facts;
using Thaw.Tests.Diagnosis;
using Xunit;

namespace Thaw.Tests.Cli;

public sealed class ExplainTests
{
    private static Call Hang(string cause) => Scenario.All.Single(s => s.Cause == cause).Golden;

    [Fact]
    public void A_trace_is_explained_without_its_addresses()
    {
        byte[] trace = TraceWriter.Write(Hang("server-announces-unreachable-address").Facts);
        var plain = Explain.Of(trace, isRedacted: false)!;
        var shown = Explain.Of(trace, isRedacted: true)!;
        Assert.Equal((plain.RootCause!.Id, plain.RootCause.Confidence, "addresses"), (shown.RootCause!.Id, shown.RootCause.Confidence, shown.Redaction));
        Assert.Contains(plain.Evidence, e => e.Quote.Contains("10.1.0.4", StringComparison.Ordinal));
        Assert.DoesNotContain(shown.Evidence, e => e.Quote.Contains("10.1.0.4", StringComparison.Ordinal));
        Assert.Equal((64, ExitCode.Found), (shown.Input[0].Sha256!.Length, shown.ExitCode));
    }

    [Fact]
    public void What_is_no_trace_is_refused()
        => Assert.All(["", "hello\n", "{\"a\":1}\n", "\0\u0001"], text => Assert.Null(Explain.Of(Encoding.UTF8.GetBytes(text), isRedacted: false)));

    [Fact]
    public void What_was_not_read_is_said()
    {
        byte[] trace = [.. TraceWriter.Write(Hang("offer-http-4xx").Facts), .. "{\"kind\":\"telepathy\"}\nrubbish\n"u8];
        var input = Explain.Of(trace, isRedacted: false)!.Input[0];
        Assert.Equal(["1 lines of kinds that this version does not know", "1 lines are no facts"], input.Notes);
        Assert.False(input.Complete);
    }

    [Fact]
    public void A_cause_is_described_with_its_fix()
    {
        string[] lines = [.. Causes.Describe(Thaw.Diagnosis.Causes.Catalogue.Find("turns-certificate-expired")!)];
        Assert.Contains("A case of turns-certificate-invalid.", lines);
        Assert.Contains(lines, line => line.StartsWith("- server admin: ", StringComparison.Ordinal));
        Assert.StartsWith("Check: ", lines[^2], StringComparison.Ordinal);
    }
}
