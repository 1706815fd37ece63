using System.Globalization;
using System.Text;

namespace Thaw.Interop.Tests.Networks;

/// <summary>What this run measured, as the table in docs/guides/networks-we-connect-through.md: artifacts/networks.md.</summary>
internal static class NetworkTable
{
    private static readonly string[] Order = [.. AllNetworks.All.Select(n => n.Name), .. MidCallTests.Names, .. FirefoxNetworkTests.Names];
    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "networks.md");
    private static readonly SortedDictionary<int, string> Rows = [];
    private static readonly Lock Writing = new();

    public static void Record(string network, string outcome, TimeSpan took, TimeSpan budget)
    {
        lock (Writing)
        {
            Rows[Array.IndexOf(Order, network)] = string.Create(CultureInfo.InvariantCulture, $"| {network} | {outcome} | {took.TotalSeconds:0.00} s | {budget.TotalSeconds:0} s |");
            var table = new StringBuilder("| network | outcome | took | budget |\n|---|---|---|---|\n");
            foreach (string row in Rows.Values) table.Append(row).Append('\n');
            System.IO.File.WriteAllText(File, table.ToString());
        }
    }
}
