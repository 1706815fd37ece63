using System.Diagnostics.CodeAnalysis;
using System.Text;
using Thaw.IceServers.Checking;
using Thaw.IceServers.Reading;
using Thaw.Net.Gathering;

namespace Thaw.IceServers.Sources;

/// <summary>Every preset, by name.</summary>
public static class IceSources
{
    private static readonly Dictionary<string, Func<IceSourceSettings, IceSourceSurroundings, IIceServerSource>> Presets = new()
    {
        ["google"] = static (s, around) => new StaticSource(s.Name, [new(["stun:stun.l.google.com:19302"])], around.Time),
        ["static"] = Static,
        ["coturn"] = Coturn,
        ["metered"] = Providers.Metered,
        ["cloudflare"] = Providers.Cloudflare,
        ["twilio"] = Providers.Twilio,
        ["xirsys"] = Providers.Xirsys,
        ["turn-rest"] = GenericProviders.TurnRest,
        ["http"] = GenericProviders.Http,
    };

    public static IReadOnlyList<string> Names { get; } = [.. Presets.Keys];

    /// <param name="error">Names the setting that is wrong; never a secret.</param>
    public static bool TryCreate(IceSourceSpec spec, IceSourceSurroundings around, [NotNullWhen(true)] out IIceServerSource? source, out string error)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(around);
        (source, error) = (null, "");
        if (!Presets.TryGetValue(spec.Preset, out var create))
        {
            error = $"no preset \"{spec.Preset}\"; there are {string.Join(", ", Names)}";
            return false;
        }

        try
        {
            var settings = new IceSourceSettings(spec, around);
            var created = create(settings, around);
            settings.Finish();
            source = created;
            return true;
        }
        catch (IceSourceSettingException e)
        {
            error = e.Message;
            return false;
        }
    }

    private static StaticSource Static(IceSourceSettings settings, IceSourceSurroundings around)
    {
        var reading = IceServerText.Read(settings.Need("servers", "URLs or JSON"));
        IceServer[] servers = [.. reading.Servers];
        if (settings.Text("username") is { } username)
        {
            string credential = settings.Need("credential", "the credential that belongs to the username");
            servers = [.. servers.Select(s => s.Username is null && s.Urls.Any(u => u.StartsWith("turn", StringComparison.OrdinalIgnoreCase)) ? new IceServer(s.Urls, username, credential) : s)];
        }

        if ((reading.FirstError ?? IceServerCheck.Of(servers, around.Time.GetUtcNow()).FirstOrDefault(f => f.IsError)) is { } fault)
            throw settings.Wrong("servers", fault.Brief);
        return new StaticSource(settings.Name, servers, around.Time);
    }

    private static IIceServerSource Coturn(IceSourceSettings settings, IceSourceSurroundings around)
    {
        var urls = settings.Urls("urls") ?? RelayUrls(settings);
        string? username = settings.Text("username"), password = settings.Text("password"), secret = settings.Text("secret");
        string separator = settings.Text("separator") ?? ":";
        var lifetime = settings.Lifetime();
        if (separator.Length != 1) throw settings.Wrong("separator", "takes one character");
        if (secret is not null && username is not null) throw settings.Wrong("secret", "and username exclude each other, as they do in coturn: use one");
        if (secret is not null) // several lines while it is changed: relays know all, we mint by the first
            return new CoturnSource(settings.Name, urls, Encoding.UTF8.GetBytes(secret.Split('\n')[0].Trim()), lifetime, separator[0], around.Time);
        if (username is null || password is null)
            throw new IceSourceSettingException("coturn wants the secret that it shares with the relay (secret, THAW_COTURN_SECRET), or username and password");
        IceServer[] servers = [.. CoturnSource.ServersOf(urls, username, password)];
        if (IceServerCheck.Of(servers, around.Time.GetUtcNow()).FirstOrDefault(f => f.IsError) is { } fault) throw settings.Wrong("username", fault.Text);
        return new StaticSource(settings.Name, servers, around.Time);
    }

    // UDP first, then TCP, then TLS where there is any: in the order in which clients like them.
    private static string[] RelayUrls(IceSourceSettings settings)
    {
        string host = settings.Host("host");
        int port = settings.Port("port") ?? 3478;
        string[] plain = [$"stun:{host}:{port}", $"turn:{host}:{port}?transport=udp", $"turn:{host}:{port}?transport=tcp"];
        return settings.Port("tls-port") is { } tls ? [.. plain, $"turns:{host}:{tls}?transport=tcp"] : plain;
    }
}
