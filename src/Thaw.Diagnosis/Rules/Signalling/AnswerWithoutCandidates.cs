using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class AnswerWithoutCandidates
{
    private const double Patience = 3_000; // ms

    public static readonly Rule Rule = new("answer-without-candidates", Scope.Connecting,
        a => a.RemoteDescription is { Type: DescriptionType.Answer, Candidates: 0 } answer && a.RemoteCount == 0 && a.Now - answer.T >= Patience
                && a.Of<Fact.CandidateRefused>().Count == 0 && a.Local.Count > 0 && a.LocalDescription is not { Candidates: 0 }
            ? Finding.Of(0.88, answer.As("the answer names no address of the server"),
                a.Connection is [.., { Value: "new" } idle] ? idle.As("the browser has nothing to check, and says nothing about it") : null) : null,
        a => a.RemoteDescription is { Candidates: > 0 } answer ? answer.As($"the answer names {answer.Candidates} addresses") : null);
}
