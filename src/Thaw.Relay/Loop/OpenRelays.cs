using System.Numerics;
using Thaw.Protocol;

namespace Thaw.Relay.Loop;

/// <summary>Which ports of our relay addresses are open now, in any loop: one bit each, set and asked from every thread.</summary>
internal sealed class OpenRelays
{
    private readonly int[] _ipv4 = new int[65536 / 32];
    private readonly int[] _ipv6 = new int[65536 / 32];
    private readonly int[] _tcpIPv4 = new int[65536 / 32];
    private readonly int[] _tcpIPv6 = new int[65536 / 32];

    public void Set(TransportAddress relayed) => Interlocked.Or(ref Word(relayed), 1 << relayed.Port);

    public void Clear(TransportAddress relayed) => Interlocked.And(ref Word(relayed), ~(1 << relayed.Port));

    public bool Contains(TransportAddress relayed) => (Volatile.Read(ref Word(relayed)) & 1 << relayed.Port) != 0;

    /// <summary>Open ports of a family.</summary>
    public int Count(bool isIPv4)
    {
        int count = 0;
        int[] words = isIPv4 ? _ipv4 : _ipv6;
        for (int i = 0; i < words.Length; i++) count += BitOperations.PopCount((uint)Volatile.Read(ref words[i]));
        return count;
    }

    private ref int Word(TransportAddress address)
    {
        bool isUdp = address.Protocol is TransportProtocol.Udp;
        return ref (address.IsIPv4 ? isUdp ? _ipv4 : _tcpIPv4 : isUdp ? _ipv6 : _tcpIPv6)[address.Port >> 5];
    }
}
