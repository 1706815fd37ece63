using System.Buffers.Binary;
using Thaw.Protocol;

namespace Thaw.Net.Tcp;

/// <summary>How many connections each IPv4 address, or IPv6 /64, has: what one customer of a provider gets.</summary>
internal sealed class RemotePrefixes(int most)
{
    private readonly Dictionary<UInt128, int> _counts = [];
    private readonly Lock _lock = new();

    public bool TryEnter(TransportAddress remote)
    {
        var prefix = Of(remote);
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault(prefix);
            if (count >= most) return false;
            _counts[prefix] = count + 1;
            return true;
        }
    }

    public void Leave(TransportAddress remote)
    {
        var prefix = Of(remote);
        lock (_lock)
        {
            if (--_counts[prefix] == 0) _counts.Remove(prefix);
        }
    }

    private static UInt128 Of(TransportAddress remote)
    {
        Span<byte> bytes = stackalloc byte[16];
        int length = remote.WriteAddress(bytes);
        return length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : (UInt128)BinaryPrimitives.ReadUInt64BigEndian(bytes) << 64;
    }
}
