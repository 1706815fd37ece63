using System.Net;
using Thaw.Net.Addresses;
using Thaw.Protocol;
using Thaw.Protocol.Ice;

namespace Thaw.Net.Loop;

internal sealed partial class SharedPort
{
    private readonly Lock _composing = new(); // addresses, names and gathered ones change on different threads
    private readonly PublicNames _announced;
    private readonly Nat64 _nat64;
    private volatile IReadOnlyList<TransportAddress> _bases = []; // the better first
    private volatile Candidate[] _candidates = [];

    public IReadOnlyList<Candidate> Candidates => _candidates;

    public PublicNames Announced => _announced;

    /// <summary>The local addresses are these now, the better first.</summary>
    private void Compose(IEnumerable<IPAddress> addresses)
    {
        TransportAddress[] bases = [.. addresses.Select(a => new TransportAddress(a, (ushort)UdpPort)), .. _listeners?.Bases ?? []];
        lock (_composing) _bases = bases;
        Compose();
    }

    /// <summary>Everything that answers name comes from here, whoever has news.</summary>
    private void Compose()
    {
        lock (_composing) _candidates = LocalCandidates.Compose(_bases, _announced.Addresses, [.. (_gathering?.Addresses ?? []).Select(Foreign)]);
    }
}
