namespace Thaw.Tests.World;

/// <summary>The kinds of sites that docs/rfc/nat-table.md sets against each other.</summary>
internal static class NatTable
{
    public static Site[] Sites { get; } =
    [
        .. NatKind.All.Select(kind => new Site(kind) { DialsTcp = true }), // as browsers do
        new Site(NatKind.Public) { DialsTcp = true, ListensOnTcp = true },
    ];
}
