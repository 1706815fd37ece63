using System.Buffers.Binary;
using System.Diagnostics;
using Thaw.Protocol.Turn;
using Thaw.Relay.Udp;

namespace Thaw.Load;

public sealed partial class RelayLoad
{
    private const ushort Channel = 0x4000;
    private const int BurstsAtOnce = 64; // what a stall left behind comes slowly, not as a flood

    private static readonly TimeSpan Afterwards = TimeSpan.FromMilliseconds(200); // of silence: what has not come by then is lost

    private readonly Latencies _latencies = new();
    private byte[] _framed = [];
    private int _run;
    private long _turn;
    private long _turnedAt; // what comes in one turn has come by then
    private long _sent;
    private long _received;

    /// <summary>Each client and each peer sends its bursts, all evenly spread over the time.</summary>
    /// <param name="perSecond">Datagrams of all clients together, and as many of all peers.</param>
    public TrafficFigures Run(double perSecond, TimeSpan time)
    {
        if (_ready.Count == 0) throw new LoadException("There is no allocation to send through.");
        BeginRun();
        double bursts = perSecond / _plan.Burst / Stopwatch.Frequency; // for each tick
        double cpuBefore = Server?.CpuNanoseconds ?? 0, ownBefore = Environment.CpuUsage.TotalTime.TotalSeconds;
        long began = Stopwatch.GetTimestamp(), end = began + (long)(time.TotalSeconds * Stopwatch.Frequency), done = 0, planned = 0;
        for (long now = began; now < end; now = Stopwatch.GetTimestamp())
        {
            planned = (long)((now - began) * bursts);
            long due = Math.Min(planned, done + BurstsAtOnce);
            SendBursts(done, due, now);
            done = due;
            double next = began + (done + 1) / bursts - Stopwatch.GetTimestamp();
            _edge.Receive(TimeSpan.FromSeconds(Math.Clamp(next, 0, end - now) / Stopwatch.Frequency), _counted);
        }

        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds, own = Environment.CpuUsage.TotalTime.TotalSeconds - ownBefore;
        for (long last = -1; last != _received;)
        {
            last = _received;
            _edge.Receive(Afterwards, _counted);
        }

        double? cpu = Server?.CpuNanoseconds - cpuBefore;
        return new TrafficFigures(
            seconds, _sent, _received, planned == 0 ? 1 : (double)done / planned, _sent == 0 ? 0 : (double)(_sent - _received) / _sent, _received / seconds,
            _latencies.Quantile(0.5), _latencies.Quantile(0.9), _latencies.Quantile(0.99), cpu / 1000 / _received, cpu / 1e9 / seconds, own / seconds);
    }

    private void BeginRun()
    {
        _framed = new byte[ChannelData.HeaderLength + _plan.Bytes];
        ChannelData.WriteHeader(_framed, Channel, _plan.Bytes);
        BinaryPrimitives.WriteInt32LittleEndian(_framed.AsSpan(ChannelData.HeaderLength + sizeof(long)), ++_run);
        (_sent, _received) = (0, 0);
        _latencies.Clear();
    }

    // First the clients, then the peers: what one socket sends in a row goes in one call.
    private void SendBursts(long first, long end, long now)
    {
        if (first == end) return;
        var data = _framed.AsSpan(ChannelData.HeaderLength);
        BinaryPrimitives.WriteInt64LittleEndian(data, now);
        for (long burst = first; burst < end; burst++)
        {
            var client = _ready[(int)(burst % _ready.Count)];
            for (int i = 0; i < _plan.Burst; i++) _edge.Send(client.Socket, _plan.Server, _framed);
        }

        for (long burst = first; burst < end; burst++)
        {
            var client = _ready[(int)(burst % _ready.Count)];
            for (int i = 0; i < _plan.Burst; i++) _edge.Send(client.Peer, client.Relayed, data);
        }

        _edge.Flush();
        _sent += 2 * _plan.Burst * (end - first);
    }

    private void Count(EdgeSocket socket, Span<byte> room, int length)
    {
        var data = room.Slice(DatagramRoom.Before, length);
        if (ChannelData.IsChannelData(data) && FindClient(socket) is not null) data = data[ChannelData.HeaderLength..];
        if (data.Length < LoadPlan.LeastBytes || BinaryPrimitives.ReadInt32LittleEndian(data[sizeof(long)..]) != _run) return;
        _received++;
        if (_turn != _edge.Turns) (_turn, _turnedAt) = (_edge.Turns, Stopwatch.GetTimestamp());
        _latencies.Add(_turnedAt - BinaryPrimitives.ReadInt64LittleEndian(data));
    }
}
