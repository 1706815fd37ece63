using System.Security.Cryptography;
using System.Threading.Channels;
using Thaw.Net;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Probes.Lines;

/// <summary>One <see cref="TurnClient"/> on a line of its own, from the first request to the goodbye.</summary>
internal sealed class TurnCall : IAsyncDisposable
{
    private const int MaxErrands = 64;

    private readonly Line _line;
    private readonly Clock _clock;
    private readonly TurnClient _client;
    private readonly TimeSpan _farewell;
    private readonly CancellationTokenSource _stop;
    private readonly Channel<Errand> _errands = Channel.CreateBounded<Errand>(MaxErrands);
    private readonly TaskCompletionSource<TurnClientEvent> _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<TurnClientEvent.PeerRefused> _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<byte[]> _delivered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[Output.BufferLength];
    private readonly Task _listening, _running;

    public TurnCall(Line line, TurnCredential credential, TimeProvider time, TimeSpan farewell, CancellationToken cancel)
    {
        (_line, _clock, _farewell) = (line, new Clock(time), farewell);
        _client = new TurnClient(new TurnClientOptions(BothFamilies: false), line.Local, line.Server, credential, RandomNumberGenerator.Create(), _clock.Now);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _listening = ListenAsync();
        _running = RunAsync();
    }

    private enum What { Heard, Send, Close }

    /// <summary>Allocated, or how it ended; fails with the line.</summary>
    public Task<TurnClientEvent> Settled => _settled.Task;

    /// <summary>The server lets nothing through to a peer.</summary>
    public Task<TurnClientEvent.PeerRefused> Refused => _refused.Task;

    /// <summary>The first packet that came through the relay.</summary>
    public Task<byte[]> Delivered => _delivered.Task;

    public void Send(TransportAddress peer, byte[] payload) => _errands.Writer.TryWrite(new Errand(What.Send, payload, peer));

    /// <summary>Gives the allocation back, and waits for that as long as the farewell may take.</summary>
    public async ValueTask DisposeAsync()
    {
        _errands.Writer.TryWrite(new Errand(What.Close, [], default));
        _stop.CancelAfter(_farewell);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.CancelAsync();
        _line.Dispose();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ListenAsync()
    {
        byte[] buffer = new byte[Output.BufferLength];
        try
        {
            while (true)
            {
                int length = await _line.ReceiveAsync(buffer, _stop.Token);
                await _errands.Writer.WriteAsync(new Errand(What.Heard, buffer[..length], default), _stop.Token);
            }
        }
        catch (Exception e)
        {
            _settled.TrySetException(e);
            throw;
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var wakeAt = await DrainAsync();
                if (_client.State is TurnClientState.Ended) return;
                if (await NextAsync(wakeAt) is not { } errand) _client.Advance(_clock.Now);
                else if (errand.What is What.Heard) _client.Receive(new Datagram(_line.Server, _line.Local, errand.Bytes), _clock.Now);
                else if (errand.What is What.Send) _client.Send(errand.Peer, errand.Bytes, _clock.Now);
                else _client.Close(_clock.Now);
            }
        }
        catch (Exception e)
        {
            _settled.TrySetException(e);
            throw;
        }
    }

    private async Task<Instant> DrainAsync()
    {
        while (true)
        {
            var (wakeAt, message) = Take();
            if (message is null) return wakeAt;
            await _line.SendAsync(message, _stop.Token);
        }
    }

    // Null: nothing more to send until then.
    private (Instant WakeAt, byte[]? Message) Take()
    {
        while (true)
        {
            var output = _client.Poll(_buffer, _clock.Now);
            switch (output.Kind)
            {
                case OutputKind.Idle: return (output.WakeAt, null);
                case OutputKind.Transmit: return (default, output.Payload.ToArray());
                case OutputKind.Delivery: _delivered.TrySetResult(output.Payload.ToArray()); break;
                case OutputKind.Event: Hear((TurnClientEvent)output.Value!); break;
            }
        }
    }

    private void Hear(TurnClientEvent fact)
    {
        if (fact is TurnClientEvent.PeerRefused refused) _refused.TrySetResult(refused);
        else if (fact is TurnClientEvent.Allocated or TurnClientEvent.Failed or TurnClientEvent.Redirected or TurnClientEvent.Lost) _settled.TrySetResult(fact);
    }

    private async Task<Errand?> NextAsync(Instant wakeAt)
    {
        if (_errands.Reader.TryRead(out var errand)) return errand;
        var pause = wakeAt == Instant.Never ? Timeout.InfiniteTimeSpan : wakeAt - _clock.Now;
        if (pause != Timeout.InfiniteTimeSpan && pause <= TimeSpan.Zero) return null;
        using var alarm = new CancellationTokenSource(pause, _clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(alarm.Token, _stop.Token);
        try
        {
            return await _errands.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private readonly record struct Errand(What What, byte[] Bytes, TransportAddress Peer);
}
