using System.Globalization;
using Thaw.IceServers.Checking;
using Thaw.Protocol.Gathering;

namespace Thaw.IceServers.Sources;

/// <summary>What presets take from the machine around them, or from a test.</summary>
public sealed record IceSourceSurroundings
{
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    public Func<string, string> File { get; init; } = System.IO.File.ReadAllText;

    /// <summary>Asks providers. It must not follow redirects.</summary>
    public HttpMessageInvoker Http { get; init; } = ProviderClient.Http;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>A wrong setting; the message names it and never quotes a value that may be secret.</summary>
internal sealed class IceSourceSettingException(string message) : Exception(message);

/// <summary>
/// The settings of one source. Each <c>key</c> may be given as it is, as <c>key-env=VARIABLE</c> or <c>key-file=PATH</c>, or
/// else stand in the variable <c>THAW_PRESET_KEY</c> or in the file that <c>THAW_PRESET_KEY_FILE</c> names.
/// </summary>
internal sealed class IceSourceSettings(IceSourceSpec spec, IceSourceSurroundings around)
{
    private const int LongestValue = 64 * 1024; // a list of servers may be long
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1), Longest = TimeSpan.FromDays(30);

    private readonly HashSet<string> _known = ["name"];

    public string Preset => spec.Preset;

    public string Name => Text("name") is { } name
        ? name.Length <= 32 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? name : throw Wrong("name", "takes up to 32 letters, digits and dashes")
        : spec.Preset;

    public string? Text(string key)
    {
        _known.UnionWith([key, key + "-env", key + "-file"]);
        string? value = spec.Settings.GetValueOrDefault(key);
        if (value is null && spec.Settings.GetValueOrDefault(key + "-env") is { } variable)
            value = around.Variable(variable) is { Length: > 0 } set ? set : throw Wrong(key + "-env", $"names the variable {variable}, which is not set");
        if (value is null && spec.Settings.GetValueOrDefault(key + "-file") is { } path) value = Read(key + "-file", path);
        if (value is null && around.Variable(VariableOf(key)) is { Length: > 0 } standard) value = standard;
        if (value is null && around.Variable(VariableOf(key) + "_FILE") is { Length: > 0 } file) value = Read(VariableOf(key) + "_FILE", file);
        if (value is null) return null;

        value = value.Trim();
        return value.Length is > 0 and <= LongestValue ? value : throw Wrong(key, value.Length == 0 ? "is empty" : "is too long");
    }

    public string Need(string key, string what) => Text(key)
        ?? throw new IceSourceSettingException($"{spec.Preset} wants {what}: {key}=…, {key}-file=PATH or the variable {VariableOf(key)}");

    public TimeSpan? Lifetime()
    {
        if (Text("lifetime") is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds >= Shortest.TotalSeconds && seconds <= Longest.TotalSeconds
            ? TimeSpan.FromSeconds(seconds) : throw Wrong("lifetime", $"takes seconds, {Shortest.TotalSeconds:0} to {Longest.TotalSeconds:0}");
    }

    public int? Port(string key) => Text(key) is not { } text || text is "off" ? null
        : ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port != 0 ? port : throw Wrong(key, "takes a port, 1 to 65535, or off");

    /// <summary>Where to ask. Secrets go over TLS, or stay on this machine, or in the network that somebody names himself.</summary>
    public string Address(string key, string? otherwise, bool mayBePlain = false)
    {
        string text = Text(key) ?? otherwise ?? throw new IceSourceSettingException($"{spec.Preset} wants an address: {key}=https://…");
        if (!Uri.TryCreate(Fill(text, static _ => "x"), UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http")) throw Wrong(key, "takes an address such as https://example.org/ice");
        if (uri.Scheme is "http" && !mayBePlain && !uri.IsLoopback) throw Wrong(key, "must be https: keys would be readable on the way");
        if (uri.UserInfo.Length > 0) throw Wrong(key, "has a user in the address: set username and password, or a header, instead");
        return text.TrimEnd('/');
    }

    public string Host(string key)
    {
        string host = Need(key, "the host of the relay").Trim('[', ']');
        string written = host.Contains(':') ? $"[{host}]" : host;
        return IceServerUrl.TryParse($"turn:{written}", out var url, out _) && url.Host == host ? written : throw Wrong(key, "takes a host name or an address, without scheme and port");
    }

    public IReadOnlyList<string>? Urls(string key)
    {
        string[]? urls = Text(key)?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        foreach (string url in urls ?? [])
            if (IceUrlCheck.Of(url).FirstOrDefault(f => f.IsError) is { } fault) throw Wrong(key, fault.Brief);
        return urls;
    }

    /// <summary>Settings whose names begin so, without that beginning.</summary>
    public IEnumerable<(string Name, string Value)> WithPrefix(string prefix)
    {
        string[] keys = [.. spec.Settings.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .Select(k => k.EndsWith("-env", StringComparison.Ordinal) ? k[..^4] : k.EndsWith("-file", StringComparison.Ordinal) ? k[..^5] : k).Distinct()];
        return [.. keys.Select(key => (key[prefix.Length..], Text(key)!))];
    }

    /// <exception cref="IceSourceSettingException">There is a setting that nobody asked for.</exception>
    public void Finish()
    {
        if (spec.Settings.Keys.FirstOrDefault(key => !_known.Contains(key)) is not { } unknown) return;
        string known = string.Join(", ", _known.Where(k => !k.EndsWith("-env", StringComparison.Ordinal) && !k.EndsWith("-file", StringComparison.Ordinal)).Order());
        throw new IceSourceSettingException($"{spec.Preset} has no setting {unknown}; it has {known}, each also as KEY-env and KEY-file");
    }

    public IceSourceSettingException Wrong(string key, string why) => new($"{spec.Preset}: {key} {why}");

    /// <summary>Replaces <c>{name}</c>; braces around anything else stay, as JSON has them.</summary>
    public static string Fill(string template, Func<string, string> value)
    {
        foreach (string name in (string[])["ttl", "user", "audience"]) template = template.Replace("{" + name + "}", value(name), StringComparison.Ordinal);
        return template;
    }

    private string VariableOf(string key) => $"THAW_{spec.Preset}_{key}".Replace('-', '_').ToUpperInvariant();

    private string Read(string key, string path)
    {
        try
        {
            string text = around.File(path);
            return text.Trim() is { Length: > 0 } found ? found : throw Wrong(key, "names an empty file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Wrong(key, "names a file that cannot be read");
        }
    }
}
