using System.Net;
using System.Net.NetworkInformation;
using Thaw.Net.Addresses;
using Thaw.Net.Udp;
using Thaw.Protocol;
using Thaw.Protocol.Ice;

namespace Thaw.Net;

/// <summary>What a <see cref="PeerHost"/> would announce. Opens no socket; only names are looked up.</summary>
public sealed record AddressPreview(IReadOnlyList<Candidate> Candidates, IReadOnlyList<string> UnknownNames)
{
    /// <exception cref="NetworkInformationException">The system does not say which addresses it has.</exception>
    public static async Task<AddressPreview> OfAsync(PeerHostOptions options, TimeProvider time, CancellationToken cancel)
    {
        var names = new PublicNames(options.Announce, Dns.GetHostAddressesAsync, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var following = names.FollowAsync(static () => { }, stop.Token);
        await names.Settled.WaitAsync(cancel);
        await stop.CancelAsync();
        await following;
        TransportAddress[] udp = [.. LocalAddresses.Find(options).Select(a => new TransportAddress(a, (ushort)options.UdpPort))];
        IEnumerable<TransportAddress> tcp = options.TcpPort is { } port
            ? udp.Select(a => a.WithPort((ushort)(port == 0 ? options.UdpPort : port)).Over(TransportProtocol.Tcp)) : [];
        return new AddressPreview(LocalCandidates.Compose([.. udp, .. tcp], names.Addresses, []), names.Unknown);
    }
}
