using System.Text;
using System.Text.Json;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Thaw.Voice.Agents;
using Thaw.Voice.Rtvi;
using Xunit;

namespace Thaw.Tests.Voice;

public sealed class RtviTests
{
    [Fact]
    public async Task Row_10_client_ready_is_answered_with_bot_ready_and_its_identifier()
    {
        await using var world = new VoiceWorld();
        await world.CallAsync("abcd");
        world.Peers.Latest.Connect();

        // As recorded from client-js 1.13.1.
        world.Peers.Latest.Say("""{"label":"rtvi-ai","type":"client-ready","data":{"version":"2.1.0","about":{"library":"@pipecat-ai/client-js","library_version":"1.13.1","platform_details":{"browser":"Chrome","browser_version":"156.0.0.0","platform_type":"desktop","engine":"Blink"},"platform":"Linux"}},"id":"58ba8dca"}""");

        var (stream, isText, content) = await world.Peers.Latest.HeardRawAsync();
        Assert.Equal((1, true), (stream, isText));
        Assert.Matches("""^\{"label":"rtvi-ai","type":"bot-ready","id":"58ba8dca","data":\{"version":"2\.1\.0","about":\{"library":"thaw","library_version":"[0-9.]+","agent":"loopback"\}\}\}$""", Encoding.UTF8.GetString(content));
    }

    [Fact]
    public async Task A_client_of_version_1_is_answered_in_its_version()
    {
        await using var world = new VoiceWorld();
        await world.CallAsync("abcd");
        world.Peers.Latest.Connect();
        world.Peers.Latest.Say(VoiceWorld.ClientReady("1", "1.2.0"));

        Assert.Contains("\"version\":\"1.2.0\"", await world.Peers.Latest.HeardAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pings_track_states_foreign_JSON_and_malformed_messages_are_never_answered()
    {
        await using var world = new VoiceWorld(static () => new EchoAgent());
        var peer = await world.ConnectAsync();

        peer.Say("ping: 1795430032759");
        peer.Say("""{"type":"signalling","message":{"type":"trackStatus","receiver_index":1,"enabled":false}}""");
        peer.Say("""{"type":"signalling","message":{"type":"trackStatus","receiver_index":"x"}}""");
        peer.Say("""{"type":"signalling"}""");
        peer.Say("""{"type":"signalling","message":7}""");
        peer.Say("""{"label":"rtvi-ai"}""");
        peer.Say("""{"label":"rtvi-ai","type":5,"id":"a"}""");
        peer.Say("""{"label":"rtvi-ai","type":"\ud800","id":"a"}""");
        peer.Say("""{"label":"rtvi-ai","type":"raw-audio"}"""); // nothing to answer to
        peer.Say("{\"label\":");
        peer.Say("[1]");
        peer.Say("");
        peer.Say([0xFF, 0xFE]);
        peer.Say("""{"label":"rtvi-ai","type":"client-message","id":"last","data":{"t":"x"}}""");

        Assert.Equal("""{"label":"rtvi-ai","type":"server-response","id":"last","data":{"t":"x"}}""", await peer.HeardAsync());
        Assert.Equal(6, Assert.Single(world.Calls.Snapshot()).Counters.Malformed);
    }

    // Recorded requests and what each must lead to; a client-message without an answer would hang its caller for 10 s.
    [Theory]
    [InlineData("""{"label":"rtvi-ai","type":"client-message","data":{"t":"my-type","d":{"a":1}},"id":"fae4ec0f"}""", """{"label":"rtvi-ai","type":"server-response","id":"fae4ec0f","data":{"t":"my-type","d":{"a":1}}}""")]
    [InlineData("""{"label":"rtvi-ai","type":"send-text","data":{"content":"plain","options":{}},"id":"d25ec6ee"}""", """{"label":"rtvi-ai","type":"bot-output","data":{"text":"plain","aggregated_by":"sentence"}}""")]
    [InlineData("""{"label":"rtvi-ai","type":"append-to-context","data":{"role":"user","content":"ctx","run_immediately":false},"id":"9b57d8c8"}""", """{"label":"rtvi-ai","type":"error-response","id":"9b57d8c8","data":{"error":"Unsupported type append-to-context"}}""")]
    [InlineData("""{"label":"rtvi-ai","type":"raw-audio","data":{},"id":"1"}""", """{"label":"rtvi-ai","type":"error-response","id":"1","data":{"error":"Unsupported type raw-audio"}}""")]
    [InlineData("""{"label":"rtvi-ai","type":"client-message","data":{"d":1},"id":"1"}""", """{"label":"rtvi-ai","type":"error-response","id":"1","data":{"error":"Malformed client-message"}}""")]
    [InlineData("""{"label":"rtvi-ai","type":"send-text","data":"x","id":"1"}""", """{"label":"rtvi-ai","type":"error-response","id":"1","data":{"error":"Malformed send-text"}}""")]
    [InlineData("""{"label":"rtvi-ai","type":"dtmf","data":{"buttons":["1","2","#"]},"id":"2768cf2a"}""", """{"label":"rtvi-ai","type":"error-response","id":"2768cf2a","data":{"error":"The echo agent answers voice, text and client messages."}}""")]
    public async Task A_request_gets_its_answer(string request, string answer)
    {
        await using var world = new VoiceWorld(static () => new EchoAgent());
        var peer = await world.ConnectAsync();

        peer.Say(request);

        Assert.Equal(answer, await peer.HeardAsync());
    }

    [Fact]
    public async Task Text_reaches_the_agent_with_its_options()
    {
        var seen = new TaskCompletionSource<AgentMessage>();
        await using var world = new VoiceWorld(() => new TellingAgent { OnMessage = (_, m) => { seen.SetResult(m); return default; } });
        var peer = await world.ConnectAsync();

        peer.Say("""{"label":"rtvi-ai","type":"send-text","data":{"content":"hello bot","options":{"run_immediately":true,"audio_response":false}},"id":"e2081ac3"}""");

        Assert.Equal(new AgentMessage.Text("e2081ac3", "hello bot", RunImmediately: true, AudioResponse: false), await seen.Task.WaitAsync(TimeSpan.FromSeconds(10), VoiceWorld.Cancel));
    }

    [Fact]
    public async Task An_agent_that_fails_on_a_message_refuses_it_and_lives_on()
    {
        await using var world = new VoiceWorld(() => new TellingAgent
        {
            OnMessage = (call, m) => m is AgentMessage.Client { Type: "good" } good ? Respond(call, good) : throw new InvalidOperationException(),
        });
        var peer = await world.ConnectAsync();

        peer.Say("""{"label":"rtvi-ai","type":"client-message","data":{"t":"bad"},"id":"1"}""");
        peer.Say("""{"label":"rtvi-ai","type":"client-message","data":{"t":"good"},"id":"2"}""");

        Assert.Equal("""{"label":"rtvi-ai","type":"error-response","id":"1","data":{"error":"The agent failed on this message."}}""", await peer.HeardAsync());
        Assert.Equal("""{"label":"rtvi-ai","type":"server-response","id":"2","data":{"t":"good"}}""", await peer.HeardAsync());

        static ValueTask Respond(VoiceCall call, AgentMessage.Client request)
        {
            call.TryRespond(request, null);
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task Disconnect_bot_ends_the_agent_and_keeps_the_connection()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        var peer = await world.ConnectAsync();
        await agent.CallAsync();

        peer.Say("""{"label":"rtvi-ai","type":"disconnect-bot","data":{},"id":"21716e64"}""");
        peer.Say("""{"label":"rtvi-ai","type":"client-message","data":{"t":"x"},"id":"1"}""");

        Assert.Equal("""{"label":"rtvi-ai","type":"error-response","id":"1","data":{"error":"The agent has left."}}""", await peer.HeardAsync());
        Assert.True(agent.HungUp.IsCancellationRequested);
        Assert.False(peer.IsClosed);
    }

    [Fact]
    public async Task The_loopback_agent_returns_foreign_messages_as_they_are_and_in_order()
    {
        await using var world = new VoiceWorld(static () => new LoopbackAgent());
        var peer = await world.ConnectAsync();
        byte[] large = new byte[16 * 1024];
        new Random(1).NextBytes(large);

        peer.Say("plain text");
        peer.Say("""{"type":"else"}""");
        peer.Say(large, stream: 3);
        for (int i = 0; i < 1000; i++) peer.Say(BitConverter.GetBytes(i));

        Assert.Equal("plain text", await peer.HeardAsync());
        Assert.Equal("""{"type":"else"}""", await peer.HeardAsync());
        var (stream, isText, content) = await peer.HeardRawAsync();
        Assert.Equal((3, false), (stream, isText));
        Assert.Equal(large, content);
        for (int i = 0; i < 1000; i++) Assert.Equal(i, BitConverter.ToInt32((await peer.HeardRawAsync()).Content));
    }

    [Fact]
    public async Task A_full_send_buffer_delays_messages_and_loses_none()
    {
        await using var world = new VoiceWorld(static () => new LoopbackAgent());
        var peer = await world.ConnectAsync();
        int refusals = 3;
        peer.SendBufferHasRoom = () => Interlocked.Decrement(ref refusals) < 0;

        peer.Say("first");
        peer.Say("second");
        var hearing = peer.HeardAsync();
        await world.WaitOutAsync(TimeSpan.FromMilliseconds(5), hearing);

        Assert.Equal("first", await hearing);
        Assert.Equal("second", await peer.HeardAsync());
    }

    [Fact]
    public async Task A_message_that_finds_no_room_for_ten_seconds_is_given_up_for_the_next()
    {
        var pause = TimeSpan.FromMilliseconds(5);
        await using var world = new VoiceWorld(static () => new LoopbackAgent());
        var peer = await world.ConnectAsync();
        bool room = false;
        peer.SendBufferHasRoom = () => Volatile.Read(ref room);

        peer.Say("first");
        await world.Time.WaitBegunAsync(pause);
        world.Time.Advance(TimeSpan.FromSeconds(11));
        peer.Say("second");
        await world.Time.WaitBegunAsync(pause); // so the first is not waited for any more
        Volatile.Write(ref room, true);
        world.Time.Advance(pause);

        Assert.Equal("second", await peer.HeardAsync());
    }

    [Fact]
    public async Task A_flood_of_messages_is_bounded()
    {
        var busy = new TaskCompletionSource();
        await using var world = new VoiceWorld(() => new TellingAgent { OnMessage = (_, _) => new(busy.Task) });
        var peer = await world.ConnectAsync();
        byte[] large = new byte[64 * 1024];

        for (int i = 0; i < 1000; i++) peer.Say(large); // 64 MB
        await world.SettleAsync();

        Assert.InRange(Assert.Single(world.Calls.Snapshot()).Counters.Dropped, 1000 - 2 * 64 - 2, 1000);
        busy.SetResult();
    }

    [Theory]
    [InlineData(RtviNotice.UserStartedSpeaking, "user-started-speaking")]
    [InlineData(RtviNotice.UserStoppedSpeaking, "user-stopped-speaking")]
    [InlineData(RtviNotice.BotStartedSpeaking, "bot-started-speaking")]
    [InlineData(RtviNotice.BotStoppedSpeaking, "bot-stopped-speaking")]
    [InlineData(RtviNotice.BotLlmStarted, "bot-llm-started")]
    [InlineData(RtviNotice.BotLlmStopped, "bot-llm-stopped")]
    [InlineData(RtviNotice.BotTtsStarted, "bot-tts-started")]
    [InlineData(RtviNotice.BotTtsStopped, "bot-tts-stopped")]
    [InlineData(RtviNotice.UserMuteStarted, "user-mute-started")]
    [InlineData(RtviNotice.UserMuteStopped, "user-mute-stopped")]
    public void A_notice_is_its_type_and_nothing_else(RtviNotice notice, string type)
        => Assert.Equal($$"""{"label":"rtvi-ai","type":"{{type}}"}""", Encoding.UTF8.GetString(RtviWriter.Notice(notice).Content.Span));

    [Fact]
    public void Messages_with_data_have_the_recorded_form()
    {
        Assert.Equal("""{"label":"rtvi-ai","type":"error","data":{"error":"non fatal","fatal":false}}""", Text(RtviWriter.Error("non fatal", false)));
        Assert.Equal("""{"label":"rtvi-ai","type":"server-message","data":{"anything":[1,2]}}""", Text(RtviWriter.ServerMessage(JsonElement.Parse("""{"anything":[1,2]}"""))));
        Assert.Equal(
            """{"label":"rtvi-ai","type":"user-transcription","data":{"text":"hel","user_id":"","timestamp":"2026-11-23T00:00:00.000\u002B00:00","final":false}}""",
            Text(RtviWriter.UserTranscription("hel", new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero), false)));
        Assert.Equal("""{"type":"signalling","message":{"type":"peerLeft"}}""", Text(RtviWriter.PeerLeft));

        static string Text(Thaw.Voice.Calls.Outgoing message) => Encoding.UTF8.GetString(message.Content.Span);
    }

    [Fact]
    public async Task Messages_wait_for_the_channel_and_move_to_the_new_one_after_a_restart()
    {
        var agent = new TellingAgent();
        await using var world = new VoiceWorld(() => agent);
        string pcId = await world.CallAsync("abcd");
        var first = world.Peers.Latest;
        first.FindPath();
        first.Raise(new PeerEvent.Connected());
        var call = await agent.CallAsync();

        call.TrySendOutput("early");
        first.Raise(new PeerEvent.ChannelOpened(1, "chat", ""));
        Assert.Contains("early", await first.HeardAsync(), StringComparison.Ordinal);

        await world.CallAsync("efgh", pcId, restart: true);
        world.Peers.Latest.Connect();
        await world.SettleAsync();
        call.TrySendOutput("late");
        Assert.Contains("late", await world.Peers.Latest.HeardAsync(), StringComparison.Ordinal);
        Assert.Equal(1, agent.Runs);
    }
}
