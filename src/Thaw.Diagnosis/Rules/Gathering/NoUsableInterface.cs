namespace Thaw.Diagnosis.Rules;

internal static class NoUsableInterface
{
    public static readonly Rule Rule = new("no-usable-interface", Scope.Connecting,
        a => a.Established("no-usable-interface") is { } said ? Finding.Of(0.85, said)
            : a.Page is { IsOnline: false } offline && a.LocalCount is 0 && !a.IsRelayOnly ? Finding.Of(0.88, offline.As("the browser says that it is offline"), a.GatheringComplete.As("it has no address at all"))
            : null,
        a => a.Local is [var first, ..] ? first.As("there is a network interface with an address") : null);
}
