using System.Globalization;
using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;

namespace Thaw.Net.Addresses;

/// <summary>
/// What an answer names, in one order: first what the world reaches, then what the neighbours reach, then detours, all over
/// UDP; then TCP, and last detours over TCP. Pure: the sockets, the flags and the gatherer are arguments.
/// </summary>
internal static class LocalCandidates
{
    // A machine with a hundred addresses must not crowd out the relays; an agent takes 32, and learns some by itself.
    private const int MostUdp = 12, MostTcp = 6, MostForeign = 8;

    /// <param name="bases">Local sockets and listeners, the better interface first.</param>
    /// <param name="announced">Addresses that the world knows a base by (1:1 NAT, port forwarding), the better first.</param>
    /// <param name="gathered">What STUN and TURN servers told, the better first.</param>
    /// <returns>Highest priority first.</returns>
    public static Candidate[] Compose(
        IReadOnlyList<TransportAddress> bases, IReadOnlyList<AnnouncedAddress> announced, IReadOnlyList<ForeignCandidate> gathered)
    {
        var udp = HostCandidates(bases, announced, TransportProtocol.Udp).Take(MostUdp);
        var tcp = HostCandidates(bases, announced, TransportProtocol.Tcp).Take(MostTcp);
        return [.. udp.Concat(tcp).Concat(gathered.Take(MostForeign).Select(From)).OrderByDescending(c => c.Priority)];
    }

    private static IEnumerable<Candidate> HostCandidates(
        IReadOnlyList<TransportAddress> bases, IReadOnlyList<AnnouncedAddress> announced, TransportProtocol protocol)
    {
        var own = Preferred([.. bases.Where(b => b.Protocol == protocol)]);
        return announced.SelectMany(a => Announced(a, own))
            .Concat(own.Select(address => (Address: address, Base: address)))
            .DistinctBy(pair => pair.Address)
            .Select((pair, i) => new Candidate(
                CandidateType.Host, pair.Address, pair.Base, HostPriority(protocol, i), Foundation(CandidateType.Host, pair.Base, "")));
    }

    // The private half is kept, lower: inside the same network (a VPC, say) it is the shorter way.
    private static IEnumerable<(TransportAddress Address, TransportAddress Base)> Announced(AnnouncedAddress known, List<TransportAddress> own)
    {
        if (BaseOf(known, own) is not { } at) yield break;
        yield return (known.At(at), at);
        if (known.Private is { } inside && known.Address.AddressFamily == inside.AddressFamily)
            yield return (new TransportAddress(inside, at.Port).Over(at.Protocol), at);
    }

    // Whatever arrives finds its pair by the socket that it arrived at, so a wrong guess here costs a check and not the call.
    private static TransportAddress? BaseOf(AnnouncedAddress known, List<TransportAddress> own)
    {
        TransportAddress? First(Func<TransportAddress, bool> fits) => own.Where(fits).Select(a => (TransportAddress?)a).FirstOrDefault();

        var address = new TransportAddress(known.Address, 0);
        return First(a => a.SameAddress(address))
            ?? First(a => known.Private is { } inside && a.SameAddress(new TransportAddress(inside, 0)))
            ?? First(a => a.IsIPv4 == address.IsIPv4 && !a.IsLoopback)
            ?? First(a => a.IsIPv4 == address.IsIPv4);
    }

    // RFC 8421 §4: families alternate, so that a broken one delays the other by one check at most. Loopback last.
    private static List<TransportAddress> Preferred(TransportAddress[] bases)
    {
        var ordered = new List<TransportAddress>(bases.Length);
        foreach (bool loopback in (ReadOnlySpan<bool>)[false, true])
        {
            TransportAddress[] six = [.. bases.Where(a => a.IsLoopback == loopback && a.IsIPv6)];
            TransportAddress[] four = [.. bases.Where(a => a.IsLoopback == loopback && a.IsIPv4)];
            for (int i = 0; i < Math.Max(six.Length, four.Length); i++)
            {
                if (i < six.Length) ordered.Add(six[i]);
                if (i < four.Length) ordered.Add(four[i]);
            }
        }
        return ordered;
    }

    private static uint HostPriority(TransportProtocol protocol, int rank) => protocol is TransportProtocol.Udp
        ? CandidatePriority.Of(CandidateType.Host, (ushort)(ushort.MaxValue - rank))
        : CandidatePriority.OfPassiveTcp(rank);

    private static Candidate From(ForeignCandidate told, int rank) => new(
        told.Type, told.Address, told.Base,
        told.Type is CandidateType.Relayed ? CandidatePriority.OfRelayed(told.Via, rank) : CandidatePriority.Of(told.Type, (ushort)(ushort.MaxValue - rank)),
        Foundation(told.Type, told.Base, told.Server));

    // RFC 8445 §5.1.1.3: one per type, base address, server and protocol, the same every time. FNV-1a keeps it short and
    // stable across refreshes.
    private static string Foundation(CandidateType type, TransportAddress address, string server)
    {
        Span<byte> bytes = stackalloc byte[16];
        uint hash = 2166136261;
        foreach (byte b in bytes[..address.WriteAddress(bytes)]) hash = (hash ^ b) * 16777619;
        foreach (char c in server) hash = (hash ^ c) * 16777619;
        hash = (hash ^ ((uint)type << 1 | (uint)address.Protocol)) * 16777619;
        return hash.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>An address of ours that a server told us.</summary>
/// <param name="Server">Names the server that told, for the foundation: two servers' candidates must not share one.</param>
/// <param name="Via">How a relayed one's data reaches the relay.</param>
internal sealed record ForeignCandidate(
    CandidateType Type, TransportAddress Address, TransportAddress Base, string Server, RelayTransport Via = RelayTransport.Udp);

/// <summary>An address that the world reaches us at and that no interface of ours has.</summary>
/// <param name="Private">The address of ours behind it; null where there is but one.</param>
/// <param name="Port">The port outside, for UDP and TCP alike; null where it is the same as inside.</param>
public sealed record AnnouncedAddress(IPAddress Address, IPAddress? Private = null, ushort? Port = null)
{
    internal TransportAddress At(TransportAddress at) => new TransportAddress(Address, Port ?? at.Port).Over(at.Protocol);
}
