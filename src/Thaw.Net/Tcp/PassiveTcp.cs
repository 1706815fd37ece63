using System.IO.Pipelines;
using Thaw.Net.Loop;
using Thaw.Protocol;

namespace Thaw.Net.Tcp;

/// <summary>
/// The passive side of ICE-TCP (RFC 6544): takes connections, whoever accepted them, routes their frames as datagrams, and
/// ends those that prove nothing.
/// </summary>
internal sealed class PassiveTcp
{
    /// <summary>From the connect to a check that its session answers; browsers send theirs at once.</summary>
    public static readonly TimeSpan Proof = TimeSpan.FromSeconds(5);

    /// <summary>Twice as long as consent lasts (RFC 7675 §5.1).</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);

    private readonly RouteTable _routes;
    private readonly Clock _clock;
    private readonly StreamCounters _counters;
    private readonly int _mostStreams;
    private readonly RemotePrefixes _prefixes;
    private volatile bool _stopped;

    public PassiveTcp(RouteTable routes, Clock clock, StreamCounters counters, int mostStreams, int mostPerPrefix)
    {
        (_routes, _clock, _counters, _mostStreams) = (routes, clock, counters, mostStreams);
        _prefixes = new RemotePrefixes(mostPerPrefix);
    }

    /// <summary>Carries one connection to its end. The caller closes what is under it.</summary>
    /// <param name="flow">The connection's two ends, over TCP.</param>
    public async Task ServeAsync(IDuplexPipe transport, Flow flow)
    {
        if (_stopped || _routes.Streams.Count >= _mostStreams)
        {
            _counters.CountEnd(_stopped ? StreamEnd.HostStopped : StreamEnd.Full);
            return;
        }

        if (!_prefixes.TryEnter(flow.Remote))
        {
            _counters.CountEnd(StreamEnd.TooManyFromThere);
            return;
        }

        var stream = new FramedStream(flow, Framing.LengthPrefixed, transport, Receive, _clock, _counters);
        try
        {
            if (!_routes.Streams.TryAdd(stream)) return; // the system never gives the same four numbers twice
            _counters.CountAccepted();
            _counters.CountEnd(await stream.RunAsync());
        }
        finally
        {
            _routes.Streams.Remove(stream);
            _routes.Forget(flow);
            _prefixes.Leave(flow.Remote);
        }
    }

    /// <summary>Looks at all deadlines every second until stopped.</summary>
    public async Task SweepAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(SweepPeriod, _clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop)) Sweep();
        }
        catch (OperationCanceledException)
        {
        }
    }

    internal void Sweep()
    {
        foreach (var stream in _routes.Streams.All) stream.CheckDeadlines(_clock.Now, Proof, Idle);
    }

    /// <summary>Takes no more connections and ends those there are, once their goodbye has gone out and been read.</summary>
    public async Task StopAsync(TimeSpan longest)
    {
        _stopped = true;
        FramedStream[] open = [.. _routes.Streams.All];
        foreach (var stream in open) stream.Complete(StreamEnd.HostStopped);
        await Task.WhenAny(Task.WhenAll(open.Select(stream => stream.Ended)), Task.Delay(longest, _clock.Time));
        foreach (var stream in open) stream.Abort(StreamEnd.HostStopped);
    }

    // A datagram like any other; but who connects and then has nothing to say to a session here is not kept.
    private StreamEnd? Receive(FramedStream stream, ReadOnlySpan<byte> frame)
    {
        if (_routes.Find(stream.Flow, frame, out var session) is { } reason)
        {
            _counters.Drop(reason);
            return stream.IsProven ? null : StreamEnd.NotForUs;
        }

        if (!session.TryForward(stream.Flow, frame)) _counters.Drop(DropReason.QueueFull);
        return null;
    }
}
