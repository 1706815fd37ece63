using System.Net;
using Thaw.Cli.Configuration;

namespace Thaw.Cli.Coturn;

/// <summary>What came of a turnserver.conf so far. Some directives only mean something together: they are settled at the end.</summary>
internal sealed class ConfReading(string path, Func<string, bool> hasOption)
{
    private readonly Dictionary<string, List<(ConfLine Line, string Text)>> _values = new(StringComparer.Ordinal);
    private readonly List<ConfNote> _notes = [];
    private readonly Dictionary<string, ConfLine> _seen = new(StringComparer.Ordinal);

    public void Warn(ConfLine line, string text) => _notes.Add(new ConfNote(line.Number, line.Name, text));

    public void Refuse(ConfLine line, string text) => _notes.Add(new ConfNote(line.Number, line.Name, text, IsRefusal: true));

    /// <summary>For <see cref="Finish"/>.</summary>
    public void Remember(ConfLine line) => _seen[line.Name] = line;

    /// <summary>The last one counts.</summary>
    public void Set(string option, ConfLine line, string text)
    {
        if (Knows(option, line)) _values[option] = [(line, text)];
    }

    /// <summary>All count.</summary>
    public void Add(string option, ConfLine line, IEnumerable<string> texts)
    {
        if (!Knows(option, line)) return;
        if (!_values.TryGetValue(option, out var values)) _values[option] = values = [];
        values.AddRange(texts.Select(text => (line, text)));
    }

    public TurnserverConf Finish()
    {
        JoinPorts();
        ChooseCredentials();
        ChooseTls();
        ServeMetrics();
        if (_seen.ContainsKey("oauth") && _seen.TryGetValue("server-name", out var name)) Set("oauth-server-name", name, name.Value);
        KeepOneOfEachFamily("external-ip");
        KeepOneOfEachFamily("relay-ip");
        KeepOneOfEachFamily("alternate-server");
        if (!_values.ContainsKey("allow-peer"))
            _notes.Add(new ConfNote(0, "", "coturn relays to private networks unless they are denied; here only the Internet is allowed, and nothing of this machine. --profile lan allows private networks, allowed-peer-ip or --allow-peer single blocks."));
        if (hasOption("tcp-relay") && !_seen.ContainsKey("no-tcp-relay"))
            _notes.Add(new ConfNote(0, "", "coturn relays TCP connections too (RFC 6062) where no-tcp-relay does not forbid it; here only with --tcp-relay."));

        var settings = _values.ToDictionary(
            pair => pair.Key,
            pair => new Found(OriginOf(pair.Value[0].Line), [.. pair.Value.Select(value => value.Text)], IsSplit: true), StringComparer.Ordinal);
        return new TurnserverConf(path, settings, [.. _notes.OrderBy(note => note.Line)]);
    }

    private Origin OriginOf(ConfLine line) => new(OriginKind.Conf, $"{path}:{line.Number}: {line.Name}", new Place(path, line.Number, 1));

    private bool Knows(string option, ConfLine line)
    {
        if (hasOption(option)) return true;
        Warn(line, $"this version has no --{option}.");
        return false;
    }

    private void JoinPorts()
    {
        _seen.TryGetValue("min-port", out var min);
        _seen.TryGetValue("max-port", out var max);
        if ((min ?? max) is { } line) Set("relay-range", line, $"{min?.Value ?? "49152"}-{max?.Value ?? "65535"}");
    }

    // coturn takes a secret or users, never both; here both would work, and let in whom it does not.
    private void ChooseCredentials()
    {
        bool hasSecret = _values.ContainsKey("auth-secret");
        if (_seen.TryGetValue("stun-only", out _))
        {
            _values.Remove("auth-secret");
            _values.Remove("user");
        }
        else if (hasSecret && _values.Remove("user", out var users))
        {
            foreach (var (line, _) in users) Warn(line, "left out: coturn does not look at users where there is a shared secret. --user takes both.");
        }
        else if (_seen.TryGetValue("use-auth-secret", out var uses) && !hasSecret)
        {
            Warn(uses, "the secret is not in this file (coturn may have it in a database): give it with --auth-secret-file.");
        }
        else if (!hasSecret && !_values.ContainsKey("user") && !_seen.ContainsKey("lt-cred-mech"))
        {
            _notes.Add(new ConfNote(0, "", "coturn relays for everybody where there are no credentials; here nobody can allocate without --auth-secret or --user."));
        }
    }

    private void ChooseTls()
    {
        bool noTls = _seen.ContainsKey("no-tls"), noDtls = _seen.ContainsKey("no-dtls");
        if (noTls && (noDtls || !hasOption("no-dtls")))
        {
            _values.Remove("cert");
            _values.Remove("key");
        }
        else if (noTls && _values.ContainsKey("cert"))
        {
            Warn(_seen["no-tls"], "TLS is served where DTLS is; close its TCP port in the firewall.");
        }
        else if (noDtls && hasOption("no-dtls"))
        {
            Set("no-dtls", _seen["no-dtls"], "true");
        }
    }

    private void ServeMetrics()
    {
        const string usual = "9641"; // coturn's
        if (!_seen.TryGetValue("prometheus", out var line)) return;
        Set("admin-port", line, _seen.TryGetValue("prometheus-port", out var port) ? port.Value : usual);
        if (hasOption("admin-port")) Warn(line, "metrics are for this machine only, unless --admin-address and --admin-token say otherwise; coturn shows them to everyone.");
    }

    private void KeepOneOfEachFamily(string option)
    {
        if (!_values.TryGetValue(option, out var values)) return;
        var families = new HashSet<bool>();
        foreach (var value in values.ToArray())
        {
            if (families.Add(value.Text.Count(c => c == ':') > 1)) continue;
            values.Remove(value);
            Warn(value.Line, $"left out: there is one address of each family (--{option}), and the first is taken.");
        }
    }

    /// <summary>Behind <c>external-ip=public/private</c> it relays from the private address.</summary>
    public void AddExternal(ConfLine line)
    {
        string[] parts = line.Value.Split('/');
        if (parts.Length > 2 || !Array.TrueForAll(parts, part => IPAddress.TryParse(part, out _)))
        {
            Refuse(line, "takes a public address, or public/private.");
            return;
        }

        Add("external-ip", line, [parts[0]]);
        if (parts is [_, var inside] && !(_values.TryGetValue("relay-ip", out var relays) && relays.Exists(relay => relay.Text == inside))) Add("relay-ip", line, [inside]);
    }
}
