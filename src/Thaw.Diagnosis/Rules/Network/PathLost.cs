namespace Thaw.Diagnosis.Rules;

/// <summary>It was connected, and the path went away.</summary>
internal static class PathLost
{
    public static readonly Rule Rule = new("path-lost-after-connect", Scope.Connected,
        a => a.Lost is { } lost ? Finding.Of(0.9, lost.As("the path was lost and did not come back"), a.ConnectedAt.As("it had been connected")) : null);
}
