using System.CommandLine;
using Thaw.Net.Addresses;

namespace Thaw.Cli.Verbs;

/// <summary>The options about which addresses answers name.</summary>
internal static class AddressOptions
{
    public static readonly Option<PublicAddress[]> PublicIp = new Option<PublicAddress[]>("--public-ip") { Description = "Address or name that clients reach this machine by: ADDRESS[:PORT][/PRIVATE]; may be repeated.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_PUBLIC_IP", [], "addresses or names such as 203.0.113.7, 203.0.113.7/10.0.0.5, 203.0.113.7:40000 or voice.example.org", Addresses);
    public static readonly Option<string[]> Interface = new Option<string[]>("--interface") { Description = "Only this interface, by name or glob (eth*); may be repeated.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_INTERFACE", [], "names or globs such as eth*", Names);
    public static readonly Option<string[]> ExcludeInterface = new Option<string[]>("--exclude-interface") { Description = "Not this interface; may be repeated. Bridges of containers and virtual machines are left out anyway.", AllowMultipleArgumentsPerToken = true }
        .OrVariable("THAW_EXCLUDE_INTERFACE", [], "names or globs such as wg*", Names);

    public static InterfaceFilter Filter(ParseResult parsed)
        => new() { Include = parsed.GetValue(Interface) ?? [], Exclude = parsed.GetValue(ExcludeInterface) ?? [] };

    private static (bool, PublicAddress[]) Addresses(string text)
    {
        PublicAddress?[] addresses = [.. Split(text).Select(part => PublicAddress.TryParse(part, out var address) ? address : null)];
        return (!addresses.Contains(null), [.. addresses.OfType<PublicAddress>()]);
    }

    private static (bool, string[]) Names(string text) => (true, Split(text));

    private static string[] Split(string text) => text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
}
