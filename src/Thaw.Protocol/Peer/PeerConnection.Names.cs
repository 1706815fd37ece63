using Thaw.Protocol.Mdns;
using Thaw.Protocol.Sdp;

namespace Thaw.Protocol.Peer;

public sealed partial class PeerConnection
{
    private const int MaxUnresolved = 16; // candidates of one generation; a browser has one for each of its addresses

    private readonly List<(string Name, SdpCandidate Candidate)> _unresolved = [];

    /// <summary>
    /// What became of a <see cref="PeerEvent.NameToResolve"/>: its candidates are added as what they were. Late, unasked and
    /// repeated news does nothing.
    /// </summary>
    /// <param name="addresses">The port does not matter; none if nobody knows the name.</param>
    public void NameResolved(string name, IReadOnlyList<TransportAddress> addresses, Instant now)
    {
        if (_lifecycle != Lifecycle.Open) return;
        var found = _unresolved.FindAll(waiting => waiting.Name == name);
        _unresolved.RemoveAll(waiting => waiting.Name == name);
        foreach (var (_, candidate) in found)
        {
            if (addresses.Count == 0) _outputs.Enqueue(new Observation.RemoteCandidateUnused(CandidateUnused.NameUnresolved));
            foreach (var address in addresses) AddRemoteCandidate(candidate with { Address = address, HostName = null }, now);
        }
    }

    // Only what a browser makes to hide an address (draft-ietf-mmusic-mdns-ice-candidates §3.2): any other name would be a
    // question to the internet that a stranger chose.
    private bool TryAskFor(SdpCandidate signalled)
    {
        if (signalled is not { Transport: SdpCandidateTransport.Udp, Component: 1, Port: > 0 }) return false;
        if (!LocalName.TryParse(signalled.HostName, out string? name) || _unresolved.Count >= MaxUnresolved) return false;

        if (!_unresolved.Exists(waiting => waiting.Name == name)) _outputs.Enqueue(new PeerEvent.NameToResolve(name));
        if (_unresolved.Contains((name, signalled))) return true;
        _unresolved.Add((name, signalled));
        _outputs.Enqueue(new Observation.RemoteCandidateHidden(name));
        return true;
    }
}
