using System.Buffers;
using System.Threading.Channels;
using Thaw.Protocol.Turn;
using Thaw.Relay.Streams;

namespace Thaw.Relay.Loop;

/// <param name="Message">Rented; null for the end of the stream, empty for its beginning.</param>
internal readonly record struct StreamErrand(StreamClient Client, byte[]? Message, int Length);

internal sealed partial class RelayLoop
{
    private const int ErrandsPerTurn = 256;

    /// <summary>From a stream's own task: waits while the loop is behind.</summary>
    /// <returns>False once the loop has ended.</returns>
    public async ValueTask<bool> PostAsync(StreamErrand errand, CancellationToken cancel)
    {
        try
        {
            await _errands.Writer.WriteAsync(errand, cancel);
        }
        catch (ChannelClosedException)
        {
            return false;
        }

        WakeIfAsleep();
        return true;
    }

    private void WakeIfAsleep()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _asleep) == 1 && Interlocked.Exchange(ref _asleep, 0) == 1) _edge.Wake();
    }

    private void RunErrands()
    {
        for (int i = 0; i < ErrandsPerTurn && _errands.Reader.TryRead(out var errand); i++)
        {
            if (errand.Message is null) EndStream(errand.Client);
            else if (errand.Length == 0) BeginStream(errand.Client);
            else HearStream(errand);
        }
    }

    private void BeginStream(StreamClient client)
    {
        client.UsedAt = _now; // talking alone gains it no time: only an allocation does
        _streams[client.FiveTuple] = client;
    }

    private void HearStream(StreamErrand errand)
    {
        var message = errand.Message.AsSpan(0, errand.Length);
        if (ChannelData.IsChannelData(message)) FromClientOnChannel(errand.Client.FiveTuple, message);
        else Hear(errand.Client.FiveTuple.Client, errand.Client.FiveTuple.Server, message);
        ArrayPool<byte>.Shared.Return(errand.Message!);
    }

    private void EndStream(StreamClient client)
    {
        if (_streams.TryGetValue(client.FiveTuple, out var known) && known == client)
        {
            _streams.Remove(client.FiveTuple);
            Server.Disconnected(client.FiveTuple, _now);
            DrainServer();
        }
    }
}
