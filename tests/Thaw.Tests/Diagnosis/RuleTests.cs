using CsCheck;
using Thaw.Diagnosis.Causes;
using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Rules;
using Thaw.Diagnosis.Verdicts;
using Xunit;

namespace Thaw.Tests.Diagnosis;

public sealed class RuleTests
{
    public static TheoryData<string> Causes => [.. Scenario.All.Select(scenario => scenario.Cause)];

    public static TheoryData<string> Working => [.. WorkingCalls.All.Keys];

    [Theory, MemberData(nameof(Causes))]
    public void A_recorded_hang_has_just_its_own_cause(string cause)
    {
        var call = Of(cause).Golden;
        Assert.Equal([cause], Judgement.FindingsOf(call.Facts));

        var verdict = Judgement.Of(call.Facts);
        Assert.Equal(cause, verdict.RootCause?.Id);
        Assert.Empty(verdict.Contributing);
        Assert.DoesNotContain(verdict.RuledOut, r => r.Id == cause);
    }

    [Theory, MemberData(nameof(Causes))]
    public void Its_nearest_neighbour_does_not_have_it(string cause) => Assert.DoesNotContain(cause, Judgement.FindingsOf(Of(cause).Counter.Facts));

    [Fact]
    public void Every_rule_has_one_scenario_and_a_cause_in_the_catalogue()
    {
        string[] rules = [.. AllRules.InOrder.Select(rule => rule.Cause)];
        Assert.Equal(rules.Order(StringComparer.Ordinal), Scenario.All.Select(scenario => scenario.Cause).Order(StringComparer.Ordinal));
        Assert.All(rules, cause => Assert.NotNull(Catalogue.Find(cause)));
    }

    [Theory, MemberData(nameof(Working))]
    public void A_call_that_works_has_no_fault(string name)
    {
        var call = WorkingCalls.All[name];
        Assert.Empty(Judgement.FindingsOf(call.Facts));

        var verdict = Judgement.Of(call.Facts);
        Assert.Equal(("connected", VerdictExit.Well), (verdict.Outcome, verdict.ExitCode));
        Assert.Null(verdict.RootCause);
    }

    [Theory, MemberData(nameof(Working))]
    public void Nor_has_it_one_at_any_moment_before(string name)
    {
        var facts = WorkingCalls.All[name].Facts;
        for (int i = 0; i < facts.Count; i++)
        {
            var verdict = Judgement.Of([.. facts.Take(i)]);
            Assert.True(verdict.ExitCode is not VerdictExit.Found, $"After {i} facts: {verdict.RootCause}");
        }
    }

    [Theory, MemberData(nameof(Working))]
    public void Nor_when_half_of_it_was_not_recorded(string name)
    {
        var facts = WorkingCalls.All[name].Facts;
        Gen.Bool.Array[facts.Count].Sample(kept =>
        {
            Fact[] seen = [.. facts.Where((fact, i) => kept[i] || fact is Fact.StateChanged)];
            var verdict = Judgement.Of(seen);
            return verdict.ExitCode is VerdictExit.Well || verdict.RootCause is null ? true : throw new InvalidOperationException($"{verdict.RootCause}");
        }, iter: 30, threads: 1);
    }

    [Theory, MemberData(nameof(Causes))]
    public void Half_of_a_hang_never_has_a_cause_without_a_quote_from_that_half(string cause)
    {
        var facts = Of(cause).Golden.Facts;
        Gen.Bool.Array[facts.Count].Sample(kept =>
        {
            HashSet<string> lines = [.. facts.Where((_, i) => kept[i]).Select(TraceWriter.Line)];
            return Judgement.Of([.. facts.Where((_, i) => kept[i])]).Evidence.All(e => lines.Contains(e.Quote));
        }, iter: 20, threads: 1);
    }

    [Theory, MemberData(nameof(Causes))]
    public void The_order_in_which_facts_arrive_does_not_matter(string cause)
    {
        var facts = Of(cause).Golden.Facts;
        Fact[] late = [.. facts.Where(fact => fact.Side is not Side.Browser), .. facts.Where(fact => fact.Side is Side.Browser)]; // the server's account comes in one piece, before
        Assert.Equal(cause, Judgement.Of(late).RootCause?.Id);
    }

    private static Scenario Of(string cause) => Scenario.All.Single(scenario => scenario.Cause == cause);
}
