using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using Thaw.IceServers;
using Thaw.Protocol;

namespace Thaw.Voice.Calls;

/// <summary>What <c>/start</c> gave out: a name for a call that does not exist yet.</summary>
/// <param name="data">The application's own JSON, for the agent. Kept as text: parsed, a hostile one has seven times the size.</param>
internal sealed class VoiceSession(string id, byte[]? data)
{
    public string Id { get; } = id;
    public JsonElement? Body => data is null ? null : JsonElement.Parse(data);
    public Instant ExpiresAt { get; set; }
    public Call? Call { get; set; }

    /// <summary>The ICE servers that its client was given; null for none yet.</summary>
    public GivenIceServers? Ice { get; set; }
}

/// <param name="Host">By which the client has reached us.</param>
/// <param name="ExpiresAt">Null for never.</param>
internal sealed record GivenIceServers(string? Host, ReachedBy? Reached, DateTimeOffset? ExpiresAt);

internal sealed class Sessions(TimeSpan lifetime, int capacity)
{
    private readonly ConcurrentDictionary<string, VoiceSession> _byId = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null if there are too many that have not been used yet.</summary>
    public VoiceSession? TryCreate(JsonElement? body, Instant now) => TryCreate(Guid.NewGuid().ToString(), body, now);

    /// <summary>
    /// A session of our life before: its client had a call with us and calls again. Nothing is known of it but its name, which
    /// only that client has; false for what is no name of ours, and where there are too many.
    /// </summary>
    public bool TryAdopt(string id, Instant now)
        => IsName(id) && (Find(id, now) ?? TryCreate(id, null, now)) is not null;

    /// <summary>It looks like a name that we give out.</summary>
    public static bool IsName(string id) => Guid.TryParseExact(id, "D", out _);

    private VoiceSession? TryCreate(string id, JsonElement? body, Instant now)
    {
        if (_byId.Count >= capacity)
            foreach (var (known, old) in _byId)
                if (IsExpired(old, now)) _byId.TryRemove(known, out _);
        if (_byId.Count >= capacity) return null;

        byte[]? data = body is { } given ? JsonMarshal.GetRawUtf8Value(given).ToArray() : null;
        var session = new VoiceSession(id, data) { ExpiresAt = now + lifetime };
        _byId[session.Id] = session;
        return session;
    }

    /// <summary>Those that have a call, or may still have one.</summary>
    public int Count(Instant now) => _byId.Count(pair => !IsExpired(pair.Value, now));

    public VoiceSession? Find(string id, Instant now)
    {
        if (!_byId.TryGetValue(id, out var session)) return null;
        if (!IsExpired(session, now)) return session;
        _byId.TryRemove(id, out _);
        return null;
    }

    /// <summary>The call is over; its session may start another for a while.</summary>
    public void Release(VoiceSession session, Call call, Instant now)
    {
        if (session.Call != call) return;
        session.Call = null;
        session.ExpiresAt = now + lifetime;
    }

    private static bool IsExpired(VoiceSession session, Instant now) => session.Call is null && session.ExpiresAt <= now;
}
