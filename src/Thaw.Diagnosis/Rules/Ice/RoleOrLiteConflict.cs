namespace Thaw.Diagnosis.Rules;

internal static class RoleOrLiteConflict
{
    public static readonly Rule Rule = new("ice-role-or-lite-conflict", Scope.Path,
        a => a.Answered is null && a.Server is { ChecksRefused: > 0, StunError: 487 } refused
            ? Finding.Of(0.82, refused.As("all checks end in 487: both sides want to lead (ICE role conflict)")) : null);
}
