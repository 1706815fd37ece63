namespace Thaw.Diagnosis.Rules;

/// <summary>Firefox ends its candidates with an empty string, which old servers take for a candidate.</summary>
internal static class EndOfCandidatesCrash
{
    public static readonly Rule Rule = new("end-of-candidates-crash", Scope.Connecting,
        a => a.CandidatesRefused is { IsEnd: true } refused
            ? Finding.Of(a.Page?.Agent?.Contains("Firefox", StringComparison.OrdinalIgnoreCase) is true ? 0.9 : 0.75, refused.As($"the server failed ({refused.Status}) at the sign that there are no more candidates"))
            : null);
}
