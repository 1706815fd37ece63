using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class CandidateBeforeDescription
{
    public static readonly Rule Rule = new("candidate-before-description", Scope.Connecting,
        a => a.First<Fact.CandidateRefused>(c => c.Error is "InvalidStateError" || c.Message?.Contains("remote description", StringComparison.OrdinalIgnoreCase) is true) is { } early
                && (a.RemoteDescription is not { } remote || remote.T >= early.T)
            ? Finding.Of(0.85, early.As("a candidate came before the description that it belongs to, and was lost"), a.RemoteDescription.As("the description came after it")) : null);
}
