using Thaw.Protocol;

namespace Thaw.Voice.Calls;

/// <summary>
/// Candidates that came before the offer that has their username fragment: during a restart the browser trickles the
/// new fragment under the old pc_id while its offer is still unanswered.
/// </summary>
internal sealed class EarlyCandidates(TimeSpan lifetime)
{
    private const int MaxFragments = 4, MaxLines = 64;

    private readonly List<(string Ufrag, Instant ExpiresAt, List<string> Lines)> _waiting = [];

    public void Add(string ufrag, string line, Instant now)
    {
        _waiting.RemoveAll(w => w.ExpiresAt <= now);
        int known = _waiting.FindIndex(w => w.Ufrag == ufrag);
        if (known < 0)
        {
            if (_waiting.Count == MaxFragments) _waiting.RemoveAt(0);
            known = _waiting.Count;
            _waiting.Add((ufrag, now + lifetime, []));
        }

        if (_waiting[known].Lines.Count < MaxLines) _waiting[known].Lines.Add(line);
    }

    public IReadOnlyList<string> Take(string? ufrag, Instant now)
    {
        int at = _waiting.FindIndex(w => w.Ufrag == ufrag && w.ExpiresAt > now);
        if (at < 0) return [];

        var lines = _waiting[at].Lines;
        _waiting.RemoveAt(at);
        return lines;
    }
}
