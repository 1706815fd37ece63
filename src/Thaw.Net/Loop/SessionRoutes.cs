using Thaw.Protocol;

namespace Thaw.Net.Loop;

/// <summary>One session's entries in the <see cref="RouteTable"/>: bounded, and gone with the session.</summary>
internal sealed class SessionRoutes(RouteTable table, Session session)
{
    public const int MaxFlows = 128;
    public const int MaxUfrags = 8;

    /// <summary>After an ICE restart, checks of the old generation are still on their way.</summary>
    public static readonly TimeSpan AliasLifetime = TimeSpan.FromSeconds(30);

    private readonly Queue<Flow> _flows = new();
    private readonly Queue<(string Ufrag, Instant ExpiresAt)> _aliases = new();
    private string? _ufrag;

    /// <summary>When the oldest alias ends.</summary>
    public Instant NextExpiry => _aliases.TryPeek(out var oldest) ? oldest.ExpiresAt : Instant.Never;

    /// <summary>Makes <paramref name="ufrag"/> lead here; the one before it becomes an alias for a while.</summary>
    public void Follow(string ufrag, Instant now)
    {
        while (_aliases.TryPeek(out var oldest) && oldest.ExpiresAt <= now) table.Remove(_aliases.Dequeue().Ufrag, session);
        if (ufrag == _ufrag) return;

        if (_ufrag is not null) _aliases.Enqueue((_ufrag, now + AliasLifetime));
        while (_aliases.Count >= MaxUfrags) table.Remove(_aliases.Dequeue().Ufrag, session);
        _ufrag = ufrag;
        table.Add(ufrag, session);
    }

    /// <summary>
    /// We send there, so answers come back from there. A claim alone never takes another session's flow:
    /// anyone may name a stranger's address as a candidate. Only an answered check, which is <paramref name="proven"/>, does;
    /// the rightful owner's next check takes the flow back.
    /// </summary>
    public void Claim(in Flow flow, bool proven)
    {
        if (table.TryFind(flow, out var owner) && (owner == session || !proven)) return;

        if (proven) table.Take(flow, session);
        else if (!table.TryAdd(flow, session)) return;
        if (_flows.Contains(flow)) return; // taken from us and back again

        _flows.Enqueue(flow);
        if (_flows.Count > MaxFlows) table.Remove(_flows.Dequeue(), session);
    }

    public void Clear()
    {
        while (_flows.TryDequeue(out var flow)) table.Remove(flow, session);
        while (_aliases.TryDequeue(out var alias)) table.Remove(alias.Ufrag, session);
        if (_ufrag is not null) table.Remove(_ufrag, session);
        _ufrag = null;
    }
}
