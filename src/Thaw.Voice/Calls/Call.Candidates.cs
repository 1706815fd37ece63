namespace Thaw.Voice.Calls;

internal sealed partial class Call
{
    private readonly EarlyCandidates _early;

    /// <summary>By the username fragment in the line; only a line without one goes where the pc_id says.</summary>
    private void OnCandidates(CallInput.Trickled trickled)
    {
        var now = _host.Now;
        var addressed = trickled.Link is { IsOver: false } link ? link : Current;
        foreach (var group in trickled.Candidates.GroupBy(c => c.Ufrag))
        {
            var target = group.Key is { } ufrag ? _links.FindLast(l => l.RemoteUfrag == ufrag) : addressed;
            if (target is { IsOver: false, Peer: { } peer }) peer.AddCandidates([.. group.Select(c => c.Line)]);
            else if (target is null && group.Key is { } unknown)
                foreach (var candidate in group) _early.Add(unknown, candidate.Line, now);
        }
    }
}
