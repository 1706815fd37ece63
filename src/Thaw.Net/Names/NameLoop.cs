using System.Net.Sockets;
using Thaw.Net.Udp;
using Thaw.Protocol;
using Thaw.Protocol.Mdns;

namespace Thaw.Net.Names;

/// <summary>
/// Asks the links for <c>.local</c> names. Its thread and its sockets are there while somebody asks, and five seconds more:
/// a server that no browser on its own network calls never opens port 5353.
/// </summary>
internal sealed class NameLoop(PeerHostOptions options, Clock clock) : IDisposable
{
    private const int MostAsked = 256;
    private const int LongestMessage = 9000; // RFC 6762 §17
    private const int DatagramsPerTurn = 64;
    private static readonly TimeSpan Lingering = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Queue<Asked> _asked = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WakeSocket? _wake; // null: nobody is running
    private volatile bool _isStopped;

    // The running thread's alone.
    private readonly MdnsResolver _resolver = new();
    private readonly Dictionary<string, List<Answered>> _waiting = [];
    private readonly byte[] _sending = new byte[Output.BufferLength];
    private readonly byte[] _received = new byte[LongestMessage];

    /// <summary>Runs on the name loop, with no address if nobody answered. Must not block.</summary>
    public delegate void Answered(IReadOnlyList<TransportAddress> addresses);

    /// <summary>Ends when it is disposed of; faulted if the loop died of a bug.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Returns at once. Within two seconds <paramref name="answered"/> is called, unless too many are asked for or the host stops.</summary>
    public void Resolve(string name, Answered answered)
    {
        lock (_gate)
        {
            if (_isStopped || _asked.Count >= MostAsked) return;
            _asked.Enqueue(new Asked(name, answered));
            if (_wake is not null)
            {
                _wake.Signal();
                return;
            }

            _wake = new WakeSocket();
            new Thread(Run) { IsBackground = true, Name = "thaw-mdns" }.Start(_wake);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
            if (_wake is null) _ended.TrySetResult();
            else _wake.Signal();
        }
    }

    private void Run(object? wake)
    {
        using var waker = (WakeSocket)wake!;
        List<MulticastSocket> sockets = [];
        try
        {
            sockets = MulticastSocket.OpenAll(MulticastInterface.Find(options));
            var endAt = clock.Now + Lingering;
            while (TryTakeAsked(ref endAt))
            {
                _resolver.Advance(clock.Now);
                Wait(sockets, waker, Instant.Earlier(Drain(sockets), endAt));
            }
        }
        catch (Exception e)
        {
            _isStopped = true;
            _ended.TrySetException(e);
        }
        finally
        {
            foreach (var socket in sockets) socket.Dispose();
        }
    }

    private bool TryTakeAsked(ref Instant endAt)
    {
        var now = clock.Now;
        lock (_gate)
        {
            if (_isStopped || (_asked.Count == 0 && _resolver.Outstanding == 0 && now >= endAt))
            {
                _wake = null; // from here on the next who asks starts another
                if (_isStopped) _ended.TrySetResult();
                return false;
            }

            while (_asked.TryDequeue(out var asked))
            {
                if (!_waiting.TryGetValue(asked.Name, out var others)) _waiting.Add(asked.Name, others = []);
                if (others.Count < MostAsked) others.Add(asked.Answered);
                _resolver.Resolve(asked.Name, now);
                endAt = now + Lingering;
            }
        }

        return true;
    }

    private Instant Drain(List<MulticastSocket> sockets)
    {
        while (true)
        {
            var output = _resolver.Poll(_sending, clock.Now);
            switch (output.Kind)
            {
                case OutputKind.Idle: return output.WakeAt;
                case OutputKind.Transmit:
                    foreach (var socket in sockets)
                        if (socket.CanReach(output.Destination)) socket.SendToAll(output.Payload, output.Destination);
                    break;
                case OutputKind.Event: Tell((MdnsEvent)output.Value!); break;
            }
        }
    }

    private void Tell(MdnsEvent happened)
    {
        var (name, addresses) = happened switch
        {
            MdnsEvent.NameResolved found => (found.Name, found.Addresses),
            MdnsEvent.NameNotFound lost => (lost.Name, []),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (!_waiting.Remove(name, out var all)) return;
        foreach (var answered in all) answered(addresses);
    }

    private void Wait(List<MulticastSocket> sockets, WakeSocket waker, Instant until)
    {
        List<Socket> readable = [waker.Socket, .. sockets];
        var left = until - clock.Now;
        Socket.Select(readable, null, null, TimeSpan.FromMilliseconds(Math.Clamp(Math.Ceiling(left.TotalMilliseconds), 0, Lingering.TotalMilliseconds)));
        foreach (var socket in readable)
        {
            if (socket is not MulticastSocket link)
            {
                waker.Clear();
                continue;
            }

            for (int i = 0; i < DatagramsPerTurn && link.TryReceive(_received, out int length, out var source); i++)
                _resolver.Receive(new Datagram(source, default, _received.AsSpan(0, length)), clock.Now);
        }
    }

    private readonly record struct Asked(string Name, Answered Answered);
}
