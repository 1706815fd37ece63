using System.Collections.Concurrent;
using System.Net;

namespace Thaw.Voice.Http;

/// <summary>
/// A token bucket per client address (IPv6: per /64, which is one subscriber). Over it a request gets 503, not 429:
/// to the stock client every 4xx is final.
/// </summary>
internal sealed class OfferLimiter(int perSecond, TimeProvider time)
{
    private const int MaxClients = 4096;

    private readonly ConcurrentDictionary<UInt128, Bucket> _byClient = new();
    private readonly int _burst = 2 * perSecond;

    public void Admit(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is { } address && !TryAdmit(address))
            throw new HttpError(StatusCodes.Status503ServiceUnavailable, "Too many requests from this address.");
    }

    internal bool TryAdmit(IPAddress address)
    {
        long now = time.GetTimestamp();
        if (_byClient.Count >= MaxClients) ForgetIdle(now);
        var bucket = _byClient.GetOrAdd(KeyOf(address), static (_, start) => new Bucket { Tokens = start.Burst, At = start.Now }, (Burst: (double)_burst, Now: now));
        lock (bucket)
        {
            bucket.Tokens = Math.Min(_burst, bucket.Tokens + time.GetElapsedTime(bucket.At, now).TotalSeconds * perSecond);
            bucket.At = now;
            if (bucket.Tokens < 1) return false;
            bucket.Tokens--;
            return true;
        }
    }

    // A bucket that has had time to fill again says nothing; if all are busy, everyone starts afresh.
    private void ForgetIdle(long now)
    {
        foreach (var (client, bucket) in _byClient)
            if (time.GetElapsedTime(bucket.At, now) > TimeSpan.FromSeconds(2)) _byClient.TryRemove(client, out _);
        if (_byClient.Count >= MaxClients) _byClient.Clear();
    }

    private static UInt128 KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        if (!address.IsIPv4MappedToIPv6 && address.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6) bytes[8..].Clear();
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private sealed class Bucket
    {
        public double Tokens;
        public long At;
    }
}
