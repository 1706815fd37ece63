namespace Thaw.Net.Addresses;

/// <summary>Which interfaces' addresses are used, and in which order.</summary>
public sealed record InterfaceFilter
{
    /// <summary>Names or globs (<c>eth*</c>); if there are any, nothing else is used.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>Names or globs that are never used.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>
    /// The chosen ones, the better first: the way to the internet, other networks, tunnels, loopback. Bridges of this
    /// machine's own containers and virtual machines are left out unless they are named or there is nothing else.
    /// </summary>
    public IReadOnlyList<InterfaceAddress> Select(IReadOnlyList<InterfaceAddress> all)
    {
        InterfaceAddress[] allowed = [.. all.Where(a => !InterfaceAddress.Matches(Exclude, a.Interface))];
        InterfaceAddress[] chosen = Include.Count > 0
            ? [.. allowed.Where(a => InterfaceAddress.Matches(Include, a.Interface))]
            : [.. allowed.Where(a => a.Kind is not InterfaceKind.Bridge)];
        if (Include.Count == 0 && chosen.All(a => a.Kind is InterfaceKind.Loopback)) chosen = allowed;
        return [.. chosen.OrderBy(Rank)];
    }

    private static int Rank(InterfaceAddress address) => address.Kind switch
    {
        InterfaceKind.Ordinary => address.HasGateway ? 0 : 1,
        InterfaceKind.Tunnel => 2,
        InterfaceKind.Bridge => 3,
        _ => 4,
    };
}
