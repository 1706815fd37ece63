using System.Diagnostics;
using Thaw.Protocol;
using Thaw.Protocol.Peer;

namespace Thaw.Net.Loop;

internal sealed partial class Shard
{
    private const int MostOutputs = 100_000; // per input: a machine that never goes idle would stop the loop

    private readonly HashSet<Session> _sessions = [];
    private readonly byte[] _sending = new byte[Output.BufferLength];
    private Flow _asking; // the flow of the check that is being answered, if one is
    private int _load;

    public int Load => Volatile.Read(ref _load);

    public async ValueTask<Session> AddAsync(Func<Instant, IHostedPeer> create, IPeerListener listener, int queueLength, CancellationToken cancel)
    {
        Interlocked.Increment(ref _load); // before it is there, so that others choose another loop
        try
        {
            return await PostAsync(now => Admit(new Session(create(now), listener, this, Routes, queueLength), now), cancel);
        }
        catch
        {
            Interlocked.Decrement(ref _load);
            throw;
        }
    }

    private Session Admit(Session session, Instant now)
    {
        _sessions.Add(session);
        try
        {
            Drain(session, now);
        }
        catch (Exception e)
        {
            Crash(session, e);
        }
        return session;
    }

    private void RunReadySessions()
    {
        for (int turns = SessionsPerTurn; turns > 0 && _ready.TryDequeue(out var session); turns--)
        {
            session.BeginTurn();
            RunWork(session);
        }
    }

    private void RunWork(Session session)
    {
        for (int left = WorkPerSession; left > 0; left--)
        {
            if (session.HasEnded) return;
            if (!session.TryTake(out var work))
            {
                if (session.CloseRequested) Close(session);
                return;
            }
            Do(session, work);
            Session.Release(work);
        }
        session.Schedule();
    }

    // Each of the next four is one input and the polling after it. An exception out of a machine or its listener is a bug
    // of that session: it ends the session and nothing else.
    private void Do(Session session, in Work work)
    {
        var now = _clock.Now;
        try
        {
            switch (work.Kind)
            {
                case WorkKind.Datagram: Deliver(session, work.Flow, work.Payload); return;
                case WorkKind.Audio: session.Peer.SendAudio(work.Payload, work.Timestamp, work.Flag, now); break;
                case WorkKind.Message:
                    if (!session.Peer.TrySendMessage(work.Stream, work.Flag, work.Payload, now)) Counters.MessagesRefused++;
                    break;
                case WorkKind.PathClosed: session.Peer.PathClosed(work.Flow.Local, work.Flow.Remote, now); break;
                case WorkKind.Errand: work.Errand!.Run(now); break;
            }
            Drain(session, now);
            work.Errand?.Finish();
        }
        catch (Exception e)
        {
            work.Errand?.Abandon(e);
            Crash(session, e);
        }
    }

    private void Deliver(Session session, in Flow flow, ReadOnlySpan<byte> payload)
    {
        var now = _clock.Now;
        try
        {
            _asking = flow;
            session.Peer.Receive(new Datagram(flow.Remote, flow.Local, payload), now);
            Drain(session, now);
        }
        catch (Exception e)
        {
            Crash(session, e);
        }
        finally
        {
            _asking = default;
        }
    }

    private void Advance(Session session, Instant now)
    {
        try
        {
            session.Peer.Advance(now);
            Drain(session, now);
        }
        catch (Exception e)
        {
            Crash(session, e);
        }
    }

    private void Close(Session session)
    {
        var now = _clock.Now;
        try
        {
            session.Peer.Close(now);
            Drain(session, now);
            Remove(session, null); // its goodbye is on the wire
        }
        catch (Exception e)
        {
            Crash(session, e);
        }
    }

    // The whole contract: poll until Idle, never stop early.
    private void Drain(Session session, Instant now)
    {
        for (int outputs = 0; outputs < MostOutputs; outputs++)
        {
            var output = session.Peer.Poll(_sending, now);
            switch (output.Kind)
            {
                case OutputKind.Idle: Settle(session, output.WakeAt, now); return;
                case OutputKind.Transmit: Send(session, output); break;
                case OutputKind.Media: session.Listener.OnMedia(output.Packet, output.Payload, now); break;
                case OutputKind.Event: session.Listener.OnEvent((PeerEvent)output.Value!, now); break;
                case OutputKind.Observation: Report(session, (Observation)output.Value!, now); break;
                default: throw new UnreachableException($"A peer has no {output.Kind} output");
            }
        }
        throw new UnreachableException($"{MostOutputs} outputs and still not idle");
    }

    private void Settle(Session session, Instant wakeAt, Instant now)
    {
        if (session.HasEnded) return;
        if (session.Peer.IsClosed)
        {
            Remove(session, null);
            return;
        }

        session.Routes.Follow(session.Peer.LocalUfrag, now); // may be new: a restart was accepted
        wakeAt = Instant.Earlier(wakeAt, session.Routes.NextExpiry);
        _wakes.Set(session, wakeAt > now ? wakeAt : now + ShortestSleep);
    }

    private void Report(Session session, Observation observation, Instant now)
    {
        if (observation is Observation.DatagramDropped dropped) Counters.Drop(dropped.Reason);
        session.Listener.OnObservation(observation, now);
    }

    private void Crash(Session session, Exception e)
    {
        if (session.HasEnded) return;
        Counters.Crashed++;
        Remove(session, new PeerHostException(PeerHostError.SessionCrashed, $"The session ended by a bug: {e.Message}", e));
    }

    private void Remove(Session session, Exception? crash)
    {
        if (!_sessions.Remove(session)) return;

        Interlocked.Decrement(ref _load);
        _wakes.Remove(session);
        session.Routes.Clear();
        session.End(crash);
        try
        {
            session.Peer.Dispose();
        }
        catch (Exception)
        {
            Counters.Crashed++;
        }
    }
}
