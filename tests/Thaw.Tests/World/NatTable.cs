using System.Text;

namespace Thaw.Tests.World;

/// <summary>How a pair of sites is connected, if it is.</summary>
public enum Path { None, Udp, Tcp, Relay }

/// <summary>The kinds of sites of docs/rfc/nat-table.md, set against each other.</summary>
internal static class NatTable
{
    private const double Budget = 15; // seconds: a peer connection's own
    private const double Settled = 3; // after which nobody leaves one path for a better one

    private static readonly (bool, Roles)[] Ways =
        [(true, Roles.OffererControls), (true, Roles.AnswererControls), (false, Roles.OffererControls), (false, Roles.AnswererControls)];

    public static Site[] Sites { get; } =
    [
        new Site(NatKind.Public) { DialsTcp = true, ListensOnTcp = true },
        .. NatKind.All.Select(kind => new Site(kind) { DialsTcp = true }), // as browsers do
    ];

    /// <summary>Trickled or not, whoever controls: the path must be the same.</summary>
    public static Path Measure(Site offerer, Site answerer)
    {
        Path? measured = null;
        foreach (var (trickles, roles) in Ways)
        {
            var encounter = new Encounter(new Script(offerer, answerer) { Trickles = trickles, Roles = roles });
            var path = Measure(encounter);
            if (measured is not null && path != measured)
                throw new InvalidOperationException($"{path} here and {measured} in another order:\n{encounter.Report()}");
            measured = path;
        }

        return measured!.Value;
    }

    /// <summary>The part of the page that is measured.</summary>
    public static string Page(Func<Site, Site, Path> measured) => new StringBuilder()
        .Append(Table("Without a relay", measured))
        .Append(Table("The offerer has a relay", (offerer, answerer) => measured(offerer with { HasRelay = true }, answerer)))
        .ToString();

    private static Path Measure(Encounter encounter)
    {
        if (encounter.Run(Budget) is not Ending.Connected) return Path.None;
        encounter.Net.RunFor(TimeSpan.FromSeconds(Settled));
        if (!encounter.IsConnected) throw new InvalidOperationException($"They no longer agree:\n{encounter.Report()}");
        return encounter.Path;
    }

    private static string Table(string title, Func<Site, Site, Path> measured)
    {
        var page = new StringBuilder($"\n### {title}\n\n| offerer \\ answerer | {string.Join(" | ", Sites.Select(Name))} |\n|---|{string.Concat(Enumerable.Repeat("---|", Sites.Length))}\n");
        foreach (var offerer in Sites) page.Append($"| {Name(offerer)} | {string.Join(" | ", Sites.Select(answerer => Word(measured(offerer, answerer))))} |\n");
        return page.ToString();
    }

    private static string Name(Site site) => site.ListensOnTcp ? "public, TCP 443" : site.Nat.Name;

    private static string Word(Path path) => path is Path.None ? "-" : path.ToString().ToLowerInvariant();
}
