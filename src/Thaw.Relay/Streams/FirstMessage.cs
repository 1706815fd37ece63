using Thaw.Protocol.Turn;

namespace Thaw.Relay.Streams;

/// <summary>
/// How a stream begins: with a whole STUN message, or with the head of an HTTP request, of which nothing but its method and
/// its end is read. ChannelData never comes first, so a capital letter is HTTP's.
/// </summary>
internal readonly record struct FirstMessage(bool IsHttp, ReadOnlyMemory<byte> Bytes)
{
    private const int MaxStun = 2048;     // what the server reads
    private const int MaxHttpHead = 8192; // what browsers send to a host with all its cookies, and more than we read

    /// <summary>Waits for it, no longer than the deadline however slowly it drips.</summary>
    /// <returns>Null where it is neither, too long, or the stream ended.</returns>
    /// <exception cref="OperationCanceledException">The time is over.</exception>
    public static async Task<FirstMessage?> ReadAsync(Stream stream, TimeSpan deadline, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(deadline);
        byte[] buffer = new byte[MaxStun];
        int filled = 0;
        while (true)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(filled), limit.Token);
            if (read == 0) return null;
            int seen = filled;
            filled += read;

            if (char.IsAsciiLetterUpper((char)buffer[0]))
            {
                if (EndsHead(buffer.AsSpan(0, filled), seen)) return new FirstMessage(IsHttp: true, buffer.AsMemory(0, filled));
                if (filled == MaxHttpHead) return null;
                if (filled == buffer.Length) Array.Resize(ref buffer, MaxHttpHead);
            }
            else if (ChannelData.IsChannelData(buffer))
            {
                return null; // nobody has a channel yet
            }
            else if (filled >= TurnFraming.HeaderLength)
            {
                if (!TurnFraming.TryMeasure(buffer, out int length) || length > MaxStun) return null;
                if (length <= filled) return new FirstMessage(IsHttp: false, buffer.AsMemory(0, filled));
            }
        }
    }

    // RFC 9112 §2.1, and §2.2 for line ends without CR.
    private static bool EndsHead(ReadOnlySpan<byte> head, int seen)
    {
        var fresh = head[Math.Max(0, seen - 3)..];
        return fresh.IndexOf("\r\n\r\n"u8) >= 0 || fresh.IndexOf("\n\n"u8) >= 0;
    }
}
