using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Thaw.Protocol;
using Thaw.Protocol.Ice;

namespace Thaw.Net;

/// <summary>Host candidates of a set of local addresses (RFC 8445 §5.1.1).</summary>
internal static class HostCandidates
{
    public static Candidate[] Of(IReadOnlyList<IPAddress> addresses, int port)
    {
        var ordered = Preferred(addresses);
        var candidates = new Candidate[ordered.Count];
        for (int i = 0; i < candidates.Length; i++)
        {
            var address = new TransportAddress(ordered[i], (ushort)port);
            uint priority = CandidatePriority.Of(CandidateType.Host, (ushort)(ushort.MaxValue - i));
            candidates[i] = new Candidate(CandidateType.Host, address, address, priority, Foundation(address));
        }
        return candidates;
    }

    // RFC 8421 §4: families alternate, so that a broken one delays the other by one check at most. Loopback last.
    private static List<IPAddress> Preferred(IReadOnlyList<IPAddress> addresses)
    {
        var ordered = new List<IPAddress>(addresses.Count);
        foreach (bool loopback in (ReadOnlySpan<bool>)[false, true])
        {
            IPAddress[] six = [.. addresses.Where(a => IPAddress.IsLoopback(a) == loopback && a.AddressFamily is AddressFamily.InterNetworkV6)];
            IPAddress[] four = [.. addresses.Where(a => IPAddress.IsLoopback(a) == loopback && a.AddressFamily is AddressFamily.InterNetwork)];
            for (int i = 0; i < Math.Max(six.Length, four.Length); i++)
            {
                if (i < six.Length) ordered.Add(six[i]);
                if (i < four.Length) ordered.Add(four[i]);
            }
        }
        return ordered;
    }

    // RFC 8445 §5.1.1.3: one per base address, the same every time. FNV-1a keeps it short and stable across refreshes.
    private static string Foundation(TransportAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        uint hash = 2166136261;
        foreach (byte b in bytes[..address.WriteAddress(bytes)]) hash = (hash ^ b) * 16777619;
        return hash.ToString(CultureInfo.InvariantCulture);
    }
}
