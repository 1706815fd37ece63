using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Thaw.Net;
using Thaw.Net.Loop;
using Thaw.Net.Tcp;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Net;

/// <summary>Streams on pipes, in simulated time.</summary>
public sealed class FramedStreamTests
{
    private static readonly Flow Ends = new(
        new TransportAddress(IPAddress.Loopback, 7860).Over(TransportProtocol.Tcp), new TransportAddress(IPAddress.Parse("192.0.2.1"), 50_000).Over(TransportProtocol.Tcp));

    private static readonly TimeSpan Proof = TimeSpan.FromSeconds(5), Idle = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();
    private readonly Clock _clock;
    private readonly StreamCounters _counters = new();
    private readonly List<byte[]> _received = [];
    private readonly Pipe _up = new(), _down = new(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048, useSynchronizationContext: false));

    public FramedStreamTests() => _clock = new Clock(_time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Frames_come_out_as_they_went_in_however_the_stream_is_cut()
        => Gen.Select(Gen.Byte.Array[0, 300].Array[1, 8], Gen.Int[1, 40].Array[1, 10]).Sample((frames, pieces) =>
        {
            byte[] stream = [.. frames.SelectMany(Framed)];
            var seen = new List<byte[]>();
            var unread = ReadOnlySequence<byte>.Empty;
            for (int at = 0, i = 0; at < stream.Length; i++)
            {
                int end = Math.Min(stream.Length, at + pieces[i % pieces.Length]);
                unread = new ReadOnlySequence<byte>([.. unread.ToArray(), .. stream[at..end]]);
                at = end;
                while (Framing.LengthPrefixed.TryCut(ref unread, out var frame) is Cut.Frame) seen.Add(frame.ToArray());
            }

            return unread.IsEmpty && seen.SequenceEqual(frames, new Same());
        });

    [Fact]
    public void Any_bytes_are_frames_or_refused_and_nothing_throws()
        => Gen.Select(Gen.Byte.Array[0, 5000], Gen.Enum<Framing>()).Sample((bytes, framing) =>
        {
            var stream = new ReadOnlySequence<byte>(bytes);
            while (framing.TryCut(ref stream, out var frame) is Cut.Frame) Assert.InRange(frame.Length, 0, Output.BufferLength);
        });

    [Fact]
    public async Task A_frame_across_two_buffers_is_received_whole()
    {
        var (stream, running) = Start();
        byte[] frame = [.. Enumerable.Range(0, 1200).Select(i => (byte)i)];
        byte[] bytes = Framed(frame);

        await _up.Writer.WriteAsync(bytes.AsMemory(0, 700), Cancel);
        await _up.Writer.WriteAsync(bytes.AsMemory(700), Cancel);
        await _up.Writer.CompleteAsync();

        Assert.Equal(StreamEnd.PeerClosed, await running.WaitAsync(Cancel));
        Assert.Equal(frame, Assert.Single(_received));
        Assert.True(stream.Ended.IsCompleted);
    }

    [Theory]
    [InlineData(2049)]
    [InlineData(65535)]
    public async Task A_frame_longer_than_a_datagram_may_be_ends_the_stream(int length)
    {
        var (_, running) = Start();
        await _up.Writer.WriteAsync(new byte[] { (byte)(length >> 8), (byte)length }, Cancel);

        Assert.Equal(StreamEnd.FrameTooLong, await running.WaitAsync(Cancel));
    }

    [Fact]
    public async Task A_peer_that_does_not_read_fills_the_queue_then_frames_are_dropped_and_counted_and_at_last_it_is_let_go()
    {
        var (stream, running) = Start();
        stream.Prove();
        byte[] frame = new byte[1200];
        int accepted = 0;
        for (int i = 0; i < 1000; i++) accepted += stream.TrySend(frame) ? 1 : 0;

        Assert.InRange(accepted, FramedStream.QueueLength, FramedStream.QueueLength * 2 + 10);
        Assert.Equal(1000 - accepted, _counters.Read(1).QueueFull);
        await FlushBegunAsync();

        Pass(stream, 9);
        Assert.False(running.IsCompleted);
        Pass(stream, 2);
        Assert.Equal(StreamEnd.Stalled, await running.WaitAsync(Cancel));
    }

    [Fact]
    public async Task Who_proves_nothing_is_let_go_after_5_seconds_however_slowly_it_talks()
    {
        var (stream, running) = Start();
        for (int i = 0; i < 4; i++)
        {
            await _up.Writer.WriteAsync(new byte[] { 0 }, Cancel); // slow loris: a byte a second
            Pass(stream, 1);
        }

        Assert.False(running.IsCompleted);
        Pass(stream, 1);
        Assert.Equal(StreamEnd.NoCheckInTime, await running.WaitAsync(Cancel));
    }

    [Fact]
    public async Task Who_has_proven_itself_stays_as_long_as_it_says_something_every_minute()
    {
        var (stream, running) = Start();
        stream.Prove();
        for (int minute = 0; minute < 3; minute++)
        {
            Pass(stream, 59);
            await _up.Writer.WriteAsync(Framed([1]), Cancel);
            await ReceivedAsync(minute + 1);
        }

        Pass(stream, 59);
        Assert.False(running.IsCompleted);
        Pass(stream, 1);
        Assert.Equal(StreamEnd.Idle, await running.WaitAsync(Cancel));
    }

    [Fact]
    public async Task The_goodbye_goes_out_before_the_stream_closes_and_the_peer_has_a_second_to_close_first()
    {
        var (stream, running) = Start();
        stream.Prove();
        stream.TrySend("goodbye"u8);
        stream.Complete(StreamEnd.SessionEnded);

        Assert.False(stream.TrySend("too late"u8));
        var read = await _down.Reader.ReadAtLeastAsync(9, Cancel);
        Assert.Equal(Framed("goodbye"u8.ToArray()), read.Buffer.ToArray());
        Pass(stream, 0.9);
        Assert.False(running.IsCompleted);
        Pass(stream, 0.2);
        Assert.Equal(StreamEnd.SessionEnded, await running.WaitAsync(Cancel));
    }

    [Fact]
    public async Task A_stream_that_its_peer_has_reset_ends()
    {
        var (stream, running) = Start();
        await _up.Writer.CompleteAsync(new IOException("reset"));
        Assert.Equal(StreamEnd.PeerClosed, await running.WaitAsync(Cancel));
        stream.Abort(StreamEnd.HostStopped); // once more does no harm
    }

    private (FramedStream, Task<StreamEnd>) Start()
    {
        var stream = new FramedStream(Ends, Framing.LengthPrefixed, new Pipes(_up.Reader, _down.Writer), Keep, _clock, _counters);
        return (stream, stream.RunAsync());
    }

    private StreamEnd? Keep(FramedStream stream, ReadOnlySpan<byte> frame)
    {
        lock (_received) _received.Add(frame.ToArray());
        return null;
    }

    private async Task ReceivedAsync(int count)
    {
        while (_counters.Read(1).FramesIn < count) await Task.Yield();
    }

    private async Task FlushBegunAsync()
    {
        while (_counters.Read(1).FramesOut == 0) await Task.Yield();
        await Task.Yield();
    }

    private void Pass(FramedStream stream, double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        stream.CheckDeadlines(_clock.Now, Proof, Idle);
    }

    private static byte[] Framed(byte[] frame)
    {
        byte[] framed = new byte[2 + frame.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)frame.Length);
        frame.CopyTo(framed, 2);
        return framed;
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Same : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes) => bytes.Length;
    }
}
