using System.CommandLine;
using System.Globalization;
using System.Net;
using Thaw.Relay;
using Thaw.Relay.Admin;

namespace Thaw.Cli.Verbs;

/// <summary>Where a relay may be watched: the same for <c>relay</c>, which listens there, and <c>relay top</c>, which asks.</summary>
internal static class AdminOptions
{
    private const int Off = -1, Usual = 9641;

    public static readonly Option<int> Port = new Option<int>("--admin-port") { Description = $"TCP port for metrics, health and what is going on, such as {Usual}; off for none." }
        .OrVariable("THAW_RELAY_ADMIN_PORT", Off, "0 to 65535 or off", text => text is "off" ? (true, Off) : Number(text));
    public static readonly Option<IPAddress> Address = new Option<IPAddress>("--admin-address") { Description = "Address for it; beyond this machine it needs a token." }
        .OrVariable("THAW_RELAY_ADMIN_ADDRESS", IPAddress.Loopback, "an address such as 10.0.0.7", text => (IPAddress.TryParse(text, out var address), address ?? IPAddress.Loopback));
    public static readonly Option<string[]> Token = new Option<string[]>("--admin-token") { Description = "What must be sent as \"Authorization: Bearer\" to ask it." }
        .OrSecrets("THAW_RELAY_ADMIN_TOKEN", "a token", text => (text.Length > 0, text));
    public static readonly Option<string> TokenFile = new Option<string>("--admin-token-file") { Description = "The same from a file." }
        .OrVariable("THAW_RELAY_ADMIN_TOKEN_FILE", "", "a file", text => (true, text));

    public static IReadOnlyList<Option> All { get; } = [Port, Address, Token, TokenFile];

    /// <returns>Null: it is not to be watched.</returns>
    /// <exception cref="RelayHostException">The file has no token.</exception>
    public static RelayAdminOptions? From(ParseResult parsed)
        => parsed.GetValue(Port) is Off ? null : new RelayAdminOptions { Port = parsed.GetValue(Port), Address = parsed.GetValue(Address)!, Token = ReadToken(parsed) };

    /// <summary>For whoever asks.</summary>
    public static Uri UriFrom(ParseResult parsed)
    {
        var address = parsed.GetValue(Address)!;
        if (address.Equals(IPAddress.Any)) address = IPAddress.Loopback;
        if (address.Equals(IPAddress.IPv6Any)) address = IPAddress.IPv6Loopback;
        return new Uri($"http://{new IPEndPoint(address, parsed.GetValue(Port) is > 0 and var port ? port : Usual)}/");
    }

    /// <exception cref="RelayHostException">The file has no token.</exception>
    public static string ReadToken(ParseResult parsed)
    {
        if (parsed.GetValue(TokenFile) is not { Length: > 0 } file) return parsed.GetValue(Token) is [var given, ..] ? given : "";
        return File.ReadAllText(file).Trim() is { Length: > 0 } token ? token : throw new RelayHostException($"{file} has no token in it.");
    }

    private static (bool, int) Number(string text)
        => (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= ushort.MaxValue, value);
}
