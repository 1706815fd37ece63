using System.Buffers;
using System.Threading.Channels;
using Thaw.Protocol.Turn;
using Thaw.Relay.Streams;

namespace Thaw.Relay.Loop;

/// <param name="Message">Rented; null for the end of the stream, empty for its beginning.</param>
/// <param name="FiveTuple">Of a datagram that another loop received, which has no stream.</param>
/// <param name="Act">Anything else that is rare.</param>
internal readonly record struct StreamErrand(StreamClient? Client = null, byte[]? Message = null, int Length = 0, FiveTuple FiveTuple = default, Action? Act = null);

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
            if (errand.Act is { } act) act();
            else if (errand.Client is null) HearForwarded(errand);
            else if (errand.Message is null) EndStream(errand.Client);
            else if (errand.Length == 0) BeginStream(errand.Client);
            else HearStream(errand, errand.Client);
        }
    }

    private void BeginStream(StreamClient client)
    {
        client.UsedAt = _now; // talking alone gains it no time: only an allocation does
        _streams[client.FiveTuple] = client;
    }

    private void HearStream(in StreamErrand errand, StreamClient client)
    {
        var message = errand.Message.AsSpan(0, errand.Length);
        if (ChannelData.IsChannelData(message)) FromClientOnChannel(client.FiveTuple, message);
        else Hear(client.FiveTuple.Client, client.FiveTuple.Server, message);
        ArrayPool<byte>.Shared.Return(errand.Message!);
        client.Heard();
    }

    private void EndStream(StreamClient client)
    {
        if (client.Joined is { } peer) Parted(peer, 0, 0); // it ended while it was being joined
        if (_streams.TryGetValue(client.FiveTuple, out var known) && known == client)
        {
            _streams.Remove(client.FiveTuple);
            Server.Disconnected(client.FiveTuple, _now);
            DrainServer();
        }
    }
}
