using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>So many addresses that the checks of the right one come late.</summary>
internal static class CandidateStorm
{
    private const int Many = 25; // where some stacks cut their lists

    public static readonly Rule Rule = new("candidate-storm", Scope.Path,
        a =>
        {
            var storm = a.Remote.Count(c => c.Type is CandidateKind.Host) > Many ? a.Remote : a.Local.Count(c => c.Type is CandidateKind.Host) > Many ? a.Local : null;
            return storm is null || a.Silence is null && a.Failed is null || a.Answered is not null ? null
                : Finding.Of(0.5, storm[^1].As($"{storm.Count(c => c.Type is CandidateKind.Host)} addresses of interfaces"), a.Failed.As("the time was over before they were all tried"))
                    ?.Or("server-inbound-udp-closed", 0.3, "the same with the interfaces of containers and virtual machines left out");
        });
}
