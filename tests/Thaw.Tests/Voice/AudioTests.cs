using Thaw.Net;
using Thaw.Protocol;
using Thaw.Voice;
using Thaw.Voice.Agents;
using Thaw.Voice.Calls;
using Xunit;

namespace Thaw.Tests.Voice;

public sealed class AudioTests
{
    private static readonly MediaPacket Packet = new(1, 0, 1, 160, false);

    [Fact]
    public async Task Frames_come_out_as_they_went_in_and_a_slow_reader_loses_the_oldest()
    {
        var input = new AudioInput(2);
        short[] frame = new short[2];
        for (short i = 0; i < 52; i++) input.Write([i, i]);

        for (short i = 2; i < 52; i++)
        {
            Assert.True(await input.ReadAsync(frame));
            Assert.Equal([i, i], frame);
        }

        Assert.Equal(2, input.Dropped);
        var waiting = input.ReadAsync(frame);
        Assert.False(waiting.IsCompleted);
        input.Write([7, 8]);
        Assert.True(await waiting);
        Assert.Equal([7, 8], frame);
    }

    [Fact]
    public async Task A_reader_learns_of_the_end_whether_it_waits_or_comes_later()
    {
        var input = new AudioInput(2);
        var waiting = input.ReadAsync(new short[2]);

        input.End();

        Assert.False(await waiting);
        Assert.False(await input.ReadAsync(new short[2]));
    }

    [Fact]
    public void What_is_played_is_heard_once_and_then_silence()
    {
        var output = new AudioOutput(8);
        short[] frame = new short[3];
        Assert.True(output.TryWrite([1, 2, 3, 4, 5]));
        Assert.False(output.TryWrite([6, 7, 8, 9])); // all or nothing
        output.Read(frame);
        Assert.Equal([1, 2, 3], frame);
        Assert.True(output.TryWrite([6, 7, 8, 9, 10, 11])); // round the end
        foreach (short[] expected in new short[][] { [4, 5, 6], [7, 8, 9], [10, 11, 0], [0, 0, 0] })
        {
            output.Read(frame);
            Assert.Equal(expected, frame);
        }

        output.TryWrite([1]);
        output.Clear();
        output.Read(frame);
        Assert.Equal([0, 0, 0], frame);
    }

    [Fact]
    public async Task The_loopback_agent_returns_RTP_payloads_and_allocates_nothing()
    {
        await using var world = new VoiceWorld(static () => new LoopbackAgent());
        var peer = await world.ConnectAsync();
        byte[] payload = [1, 2, 3, 4];
        peer.Hear(Packet, payload);
        Assert.Equal(payload, peer.LastAudio[..4]);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) peer.Hear(Packet, payload);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1001, peer.AudioPackets);
    }

    [Fact]
    public void A_beat_between_network_and_agent_allocates_nothing()
    {
        var audio = new CallAudio(AgentAudio.Mono48kHz);
        var peer = new ScriptedPeer(new ScriptedPeers(), 0, false, new Deaf());
        var clock = new Clock(new SteppedTime());
        using var path = new AudioPath(peer, ScriptedPeers.Pcmu, audio.SampleRate, VoiceWorld.Codecs, clock);
        ushort sequence = 0;
        audio.Attach(path);
        byte[] payload = new byte[160];
        for (int i = 0; i < 10; i++) Beat();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 500; i++) Beat();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(510, peer.AudioPackets); // silence is sent too: the client's track would else never start

        void Beat()
        {
            path.Receive(Packet with { SequenceNumber = ++sequence, Timestamp = 160u * sequence }, payload);
            audio.Tick();
        }
    }

    [Fact]
    public void What_arrives_is_read_in_order_and_a_stalled_reader_bounds_it()
    {
        var arrived = new ArrivedPackets();
        byte[] payload = new byte[160];
        int taken = 0;
        for (ushort i = 0; i < 100; i++)
        {
            payload[0] = (byte)i;
            if (arrived.TryAdd(Packet with { SequenceNumber = i }, payload, new Instant(i))) taken++;
        }

        var half = arrived.Take();
        Assert.Equal((51, 51), (taken, half.Count)); // 8 kB
        for (int i = 0; i < half.Count; i++)
        {
            Assert.Equal((ushort)i, half.PacketAt(i).SequenceNumber);
            Assert.Equal(new Instant(i), half.ArrivalAt(i));
            Assert.Equal((160, (byte)i), (half.PayloadAt(i).Length, half.PayloadAt(i)[0]));
        }

        Assert.Equal(0, arrived.Take().Count);
        Assert.True(arrived.TryAdd(Packet, payload, default));
        Assert.Equal(1, arrived.Take().Count);
    }

    [Fact]
    public async Task The_echo_agent_says_it_back_after_a_second_and_tells_who_speaks()
    {
        var world = new EchoWorld();
        await using (world)
        {
            for (int i = 0; i < 10; i++) await world.BeatAsync(0);
            for (int i = 0; i < 40; i++) await world.BeatAsync(8000);
            for (int i = 0; i < 120; i++) await world.BeatAsync(0);
        }

        int first = world.Played.FindIndex(level => level > 4000), last = world.Played.FindLastIndex(level => level > 4000);
        Assert.InRange(first, 10 + 49, 10 + 52);   // 1 s after it began
        Assert.InRange(last - first, 38, 41);      // and as long
        Assert.Equal(
            ["user-started-speaking", "bot-started-speaking", "user-stopped-speaking", "bot-stopped-speaking"],
            world.Notices.OrderBy(n => Array.IndexOf(["user-started-speaking", "bot-started-speaking", "user-stopped-speaking", "bot-stopped-speaking"], n)));
        Assert.True(world.Notices.IndexOf("user-started-speaking") < world.Notices.IndexOf("bot-started-speaking"));
    }

    [Fact]
    public async Task The_tone_agent_plays_440_Hz()
    {
        var audio = new CallAudio(AgentAudio.Mono16kHz);
        var call = new VoiceCall("x", null, audio, new MessageSender(TimeProvider.System), TimeProvider.System, () => { });
        var running = new ToneAgent().RunAsync(call, CancellationToken.None);
        for (int i = 0; i < 40; i++) audio.Input.Write(new short[320]);
        audio.Input.End();
        await running;

        short[] heard = new short[12_800]; // 0.8 s
        audio.Output.Read(heard);
        int crossings = 0;
        for (int i = 1; i < heard.Length; i++)
            if (heard[i - 1] < 0 != heard[i] < 0) crossings++;
        Assert.InRange(crossings, 2 * 352 - 2, 2 * 352 + 2);
    }

    [Fact]
    public async Task A_call_plays_more_than_fits_by_waiting_for_room()
    {
        var time = new SteppedTime();
        var audio = new CallAudio(AgentAudio.Mono16kHz);
        var call = new VoiceCall("x", null, audio, new MessageSender(time), time, () => { });
        var playing = call.PlayAsync(new short[20_000], CancellationToken.None).AsTask(); // 1.25 s into one second of room
        Assert.False(playing.IsCompleted);

        audio.Output.Read(new short[16_000]);
        time.Advance(CallAudio.FrameDuration);

        await playing.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private sealed class Deaf : IPeerListener
    {
        public void OnMedia(in MediaPacket packet, ReadOnlySpan<byte> payload, Instant now) { }
        public void OnEvent(Thaw.Protocol.Peer.PeerEvent e, Instant now) { }
        public void OnObservation(Observation o, Instant now) { }
    }

    /// <summary>The echo agent between a scripted microphone and a loudspeaker that notes levels.</summary>
    private sealed class EchoWorld : IAsyncDisposable
    {
        private readonly CallAudio _audio = new(AgentAudio.Mono48kHz);
        private readonly MessageSender _sender = new(TimeProvider.System);
        private readonly ScriptedPeer _peer = new(new ScriptedPeers(), 0, false, new Deaf());
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running, _sending;
        private readonly short[] _frame = new short[960];

        public EchoWorld()
        {
            var call = new VoiceCall("x", null, _audio, _sender, TimeProvider.System, () => { });
            _running = new EchoAgent().RunAsync(call, CancellationToken.None);
            _sender.Chat = new CallLink(null!, "x", null, false) { Peer = _peer, Chat = 1 };
            _sending = _sender.RunAsync(_stop.Token);
        }

        public List<int> Played { get; } = [];
        public List<string> Notices { get; } = [];

        public async Task BeatAsync(short level)
        {
            for (int i = 0; i < _frame.Length; i++) _frame[i] = (i & 16) == 0 ? level : (short)-level; // 1.5 kHz
            _audio.Input.Write(_frame);
            short[] heard = new short[960];
            // The agent answers each frame by queueing one; wait for it, so that the beat is exact.
            while (_audio.Output.Queued < heard.Length) await Task.Yield();
            _audio.Output.Read(heard);
            Played.Add(heard.Max(s => Math.Abs((int)s)));
        }

        public async ValueTask DisposeAsync()
        {
            _audio.End();
            await _running;
            for (int i = 0; i < 4; i++)
            {
                string message = await _peer.HeardAsync();
                Notices.Add(System.Text.Json.JsonElement.Parse(message).GetProperty("type").GetString()!);
            }

            await _stop.CancelAsync();
            await Task.WhenAny(_sending);
            _stop.Dispose();
        }
    }
}
