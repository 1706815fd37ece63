namespace Thaw.Diagnosis.Rules;

internal static class TurnTcpUnreachable
{
    public static readonly Rule Rule = new("turn-tcp-unreachable", Scope.Path,
        a => a.Answered is not null || a.Relay is not null ? null
            : a.Established("turn-tcp-unreachable") is { } said ? Finding.Of(0.9, said)
            : a.Unreachable(url => Attempt.IsTurn(url) && Attempt.IsStream(url) && !Attempt.IsTls(url)) is { } refused && !TurnFacts.OthersSaid(a)
                ? Finding.Of(0.7, refused.As($"no TCP connection to {refused.Url}"))
            : null);
}
