using System.Runtime.CompilerServices;
using Thaw.Protocol.Peer;
using Thaw.Voice;
using Thaw.Voice.Agents;
using Thaw.Voice.Calls;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>Calls end whatever stands in the way, and leave nothing behind.</summary>
public sealed class CallEndTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_thousand_calls_leave_nothing_behind()
    {
        await using var world = new VoiceWorld(() => new EchoAgent(), o => o with { Limits = new() { OffersPerSecond = 1_000_000 } });
        var calls = new List<WeakReference>();
        for (int i = 0; i < 1_000; i++) await LiveAsync(world, i, calls);

        world.Time.Advance(TimeSpan.FromMinutes(1)); // the clock lets go of their audio, the pool of their timers
        for (int turn = 0; turn < 500 && calls.Count(c => c.IsAlive) > 2; turn++)
        {
            await Task.Yield();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Empty(world.Calls.Snapshot());
        Assert.InRange(calls.Count(c => c.IsAlive), 0, 2); // the last may still be on some thread's stack
    }

    [Fact]
    public async Task A_call_can_be_ended_however_full_its_mailbox_is()
    {
        await using var world = new VoiceWorld();
        var answer = new TaskCompletionSource<Acceptance>(TaskCreationOptions.RunContinuationsAsynchronously);
        string pcId = await world.CallAsync("abcd");
        var call = Assert.Single(world.Calls.Snapshot());
        world.Peers.Accept = (_, _, _) => new(answer.Task);
        var offer = world.PostOfferAsync("abcd", pcId, version: 3);
        while (call.Post(new CallInput.Nudge())) { } // nobody reads while the offer waits

        var stopping = world.Calls.StopAsync();
        answer.SetException(new InvalidOperationException("late"));

        await world.FarewellAsync(stopping.WaitAsync(Patience, VoiceWorld.Cancel));
        (await offer).Dispose();
    }

    [Fact]
    public async Task An_agent_that_throws_at_being_told_to_stop_holds_up_nobody()
    {
        await using var world = new VoiceWorld(() => new Sulking());
        var peer = await world.ConnectAsync();
        var call = Assert.Single(world.Calls.Snapshot());
        await world.SettleAsync();

        peer.Raise(new PeerEvent.Closed());
        await world.WaitOutAsync(TimeSpan.FromSeconds(1), call.Ended.WaitAsync(Patience, VoiceWorld.Cancel));

        Assert.True(call.Ended.IsCompletedSuccessfully);
        Assert.Empty(world.Calls.Snapshot());
    }

    [Fact]
    public async Task A_loopback_call_ends_with_its_client()
    {
        await using var world = new VoiceWorld(static () => new LoopbackAgent());
        var peer = await world.ConnectAsync();
        var call = Assert.Single(world.Calls.Snapshot());

        peer.Raise(new PeerEvent.Closed());

        await call.Ended.WaitAsync(Patience, VoiceWorld.Cancel); // without the second that an agent has which does not listen
        Assert.Empty(world.Calls.Snapshot());
    }

    [Fact]
    public async Task A_connection_that_crashed_may_be_restarted_like_any_other_that_failed()
    {
        await using var world = new VoiceWorld();
        string pcId = await world.CallAsync("abcd");
        world.Peers.Latest.Connect();
        world.Peers.Latest.Raise(new PeerEvent.Failed(PeerFailure.Crashed, "a bug with a stack trace"));
        await world.SettleAsync();

        await world.CallAsync("efgh", pcId, restart: true);

        Assert.Single(world.Calls.Snapshot());
        Assert.Equal(2, world.Peers.Opened.Count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task LiveAsync(VoiceWorld world, int i, List<WeakReference> calls)
    {
        string pcId = await world.CallAsync($"a{i:0000}");
        world.Peers.Latest.Connect();
        if (i % 3 == 1)
        {
            world.Peers.Latest.Raise(new PeerEvent.Failed(PeerFailure.PathNotRecovered, ""));
            await world.CallAsync($"b{i:0000}", pcId, restart: true);
            world.Peers.Latest.Connect();
        }

        var call = Assert.Single(world.Calls.Snapshot());
        calls.Add(new WeakReference(call));
        if (i % 3 == 2) world.Peers.Latest.Say("""{"label":"rtvi-ai","type":"disconnect-bot","id":"1"}""");
        world.Peers.Latest.Raise(new PeerEvent.Closed());
        await call.Ended.WaitAsync(Patience, VoiceWorld.Cancel);
        world.Peers.Forget();
    }

    private sealed class Sulking : IVoiceAgent
    {
        public Task RunAsync(VoiceCall call, CancellationToken hangUp)
        {
            hangUp.Register(static () => throw new InvalidOperationException("no"));
            return new TaskCompletionSource().Task; // never
        }
    }
}
