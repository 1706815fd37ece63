using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Verdicts;
using Thaw.Protocol.Peer;
using Xunit;

namespace Thaw.Tests.Diagnosis;

using static Call; // in here, or Stun would be a namespace

public sealed class VerdictTests
{
    private static readonly Input AnyInput = new("in1", "trace", null, true, []);

    [Fact]
    public void It_is_short_and_says_what_to_do_in_the_same_order_each_time()
    {
        foreach (var scenario in Scenario.All)
        {
            string[] lines = [.. VerdictText.Lines(Judgement.Of(scenario.Golden.Facts))];
            Assert.InRange(lines.Length, 6, VerdictText.MaxLines);
            int[] at = [.. new[] { "Why (", "Proof:", "Do this:", "Check: " }.Select(word => Array.FindIndex(lines, line => line.StartsWith(word, StringComparison.Ordinal)))];
            Assert.True(at[0] == 1 && at.SequenceEqual(at.Order()), $"{scenario.Cause}: {string.Join('\n', lines)}");
            Assert.Contains($"[{scenario.Cause}]", lines[1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_cause_whose_quote_is_not_in_the_input_is_not_named()
    {
        var trace = TraceReader.Read(TraceWriter.Write(Scenario.All.Single(s => s.Cause == "offer-http-4xx").Golden.Facts));
        Assert.Equal("offer-http-4xx", Judgement.Of(trace.Facts, trace.Text, AnyInput).RootCause?.Id);

        Fact[] forged = [.. trace.Facts.Select(fact => fact is Fact.Http ? fact with { From = new Locator(fact.From!.Line - 1, fact.From.Quote) } : fact)];
        var verdict = Judgement.Of(forged, trace.Text, AnyInput);
        Assert.Null(verdict.RootCause);
        Assert.Contains("offer-http-4xx was dropped", Assert.Single(verdict.Input).Notes[0], StringComparison.Ordinal);
        Assert.Equal(VerdictExit.Inconclusive, verdict.ExitCode);
    }

    [Fact]
    public void Every_quote_of_a_trace_is_where_it_is_said_to_be()
    {
        foreach (var call in Scenario.All.Select(s => s.Golden).Concat(WorkingCalls.All.Values))
        {
            var trace = TraceReader.Read(TraceWriter.Write(call.Facts));
            var verdict = Judgement.Of(trace.Facts, trace.Text, AnyInput);
            Assert.All(verdict.Evidence, e => Assert.Contains(e.Quote, trace.Text.Lines[e.Locator.Line!.Value - 1], StringComparison.Ordinal));
            string[] cited = [.. Referenced(verdict)];
            Assert.Equal(verdict.Evidence.Select(e => e.Id).Order(StringComparer.Ordinal), cited.Distinct().Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void With_nothing_to_go_by_it_says_so_and_what_is_missing()
    {
        var verdict = Judgement.Of([new Fact.StateChanged(StateOf.Connection, "connecting") { T = 1 }, new Fact.Ended("timeout") { T = 15_000 }]);
        Assert.Equal(("failed", VerdictExit.Inconclusive), (verdict.Outcome, verdict.ExitCode));
        Assert.Null(verdict.RootCause);
        Assert.Contains("the server's account of the same attempt", verdict.MissingInput);
        Assert.Equal(("unknown", VerdictExit.Inconclusive), (Judgement.Of([]).Outcome, Judgement.Of([]).ExitCode));
    }

    [Fact]
    public void An_unsure_cause_is_named_with_what_would_decide()
    {
        var call = Scenario.All.Single(s => s.Cause == "turns-certificate-invalid").Golden;
        var verdict = Judgement.Of(call.Facts);
        Assert.Equal(("low", VerdictExit.Inconclusive), (verdict.RootCause!.ConfidenceWord, verdict.ExitCode));
        Assert.Equal("turn-tcp-unreachable", Assert.Single(verdict.Alternatives).Id);
        Assert.Contains(VerdictText.Lines(verdict), line => line.StartsWith("Why (possibly)", StringComparison.Ordinal));
        Assert.Contains(VerdictText.Lines(verdict), line => line.StartsWith("Surer with: thaw ice ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_not_the_problem_is_said_with_its_proof()
    {
        var verdict = Judgement.Of(Scenario.All.Single(s => s.Cause == "server-inbound-udp-closed").Golden.Facts);
        string[] ruledOut = [.. verdict.RuledOut.Select(r => r.Id)];
        Assert.All(["insecure-context", "mic-permission-denied", "offer-http-4xx", "client-udp-blocked", "answer-without-candidates"], id => Assert.Contains(id, ruledOut));
        Assert.DoesNotContain("dtls-role-clash", ruledOut); // nobody got that far: not measured is not false
    }

    [Fact]
    public void Noise_of_a_call_that_works_is_named_as_harmless()
    {
        Assert.Equal(["icecandidateerror-701"], Judgement.Of(WorkingCalls.All["one dead STUN server, found out after 40 s"].Facts).Benign.Select(b => b.Id));
        Assert.Equal(["turn-401-challenge"], Judgement.Of(WorkingCalls.All["the relay's first 401"].Facts).Benign.Select(b => b.Id));
        Assert.Equal(["turn-437-retransmit"], Judgement.Of(WorkingCalls.All["437 on a repeated Allocate"].Facts).Benign.Select(b => b.Id));
        Assert.Equal(["turn-403-private-peer"], Judgement.Of(WorkingCalls.All["403 for private peers"].Facts).Benign.Select(b => b.Id));
        Assert.Equal(["stun-487-role-conflict"], Judgement.Of(WorkingCalls.All["487, and one gave way"].Facts).Benign.Select(b => b.Id));
    }

    [Fact]
    public void The_schema_names_each_member_that_a_verdict_has()
    {
        var schema = JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schema", "verdict-1.schema.json")))!;
        foreach (var call in Scenario.All.Select(s => s.Golden).Concat(WorkingCalls.All.Values))
            Valid(JsonNode.Parse(VerdictJson.Text(Judgement.Of(call.Facts))), schema, schema, "$");
    }

    [Fact]
    public void An_attempt_is_judged_in_less_than_a_millisecond()
    {
        var call = Answered(Stun).State("connecting");
        for (int i = 0; i < 100; i++) call.After(150).See(new Fact.Pair($"CP{i % 8}", CandidateKind.Srflx, CandidateKind.Host, "in-progress", i, 0, 0)); // getStats, again and again
        var facts = call.State("failed").Server(PathFinding.NothingArrived).Facts;
        Assert.Equal("server-inbound-udp-closed", Judgement.Of(facts).RootCause?.Id);
        var best = TimeSpan.MaxValue;
        for (int i = 0; i < 200; i++)
        {
            long started = Stopwatch.GetTimestamp();
            Judgement.Of(facts);
            var took = Stopwatch.GetElapsedTime(started);
            if (took < best) best = took;
        }

        Assert.True(best < TimeSpan.FromMilliseconds(1), $"{best.TotalMilliseconds:0.000} ms for {facts.Count} facts");
    }

    private static IEnumerable<string> Referenced(Verdict verdict)
        => (verdict.RootCause is { } root ? root.Evidence : []).Concat(verdict.Contributing.SelectMany(c => c.Evidence)).Concat(verdict.RuledOut.SelectMany(r => r.Because)).Concat(verdict.Benign.SelectMany(b => b.Evidence));

    // As much of JSON Schema as the file uses: type, required, properties, additionalProperties: false, items, enum, $ref.
    private static void Valid(JsonNode? value, JsonNode schema, JsonNode root, string at)
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference) schema = reference["#/".Length..].Split('/').Aggregate(root, (node, name) => node[name]!);
        string[] types = schema["type"] switch { JsonArray many => [.. many.Select(t => t!.GetValue<string>())], { } one => [one.GetValue<string>()], _ => [] };
        string kind = value?.GetValueKind() switch { null => "null", JsonValueKind.Object => "object", JsonValueKind.Array => "array", JsonValueKind.String => "string", JsonValueKind.Number => "number", _ => "boolean" };
        Assert.True(types.Length == 0 || types.Contains(kind) || kind is "number" && types.Contains("integer"), $"{at} is {kind}");
        if (schema["enum"] is JsonArray words) Assert.Contains(value?.GetValue<string>(), words.Select(word => word?.GetValue<string>()));
        if (value is JsonArray list)
        {
            foreach (var item in list) Valid(item, schema["items"]!, root, $"{at}[]");
        }
        else if (value is JsonObject members)
        {
            var known = schema["properties"]!.AsObject();
            Assert.All(schema["required"]!.AsArray(), name => Assert.True(members.ContainsKey(name!.GetValue<string>()), $"{at} lacks {name}"));
            foreach (var (name, member) in members) Valid(member, known[name] ?? throw new InvalidOperationException($"{at}.{name} is not in the schema"), root, $"{at}.{name}");
        }
    }
}
