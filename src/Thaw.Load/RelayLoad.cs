using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol;
using Thaw.Relay.Udp;

namespace Thaw.Load;

/// <summary>
/// Clients and peers of one TURN server, all in the caller's thread, over the same sockets in batches that the relay itself
/// has where the system has them. Its allocations are not refreshed: it is meant for measurements of less than five minutes.
/// </summary>
public sealed partial class RelayLoad : IDisposable
{
    private readonly LoadPlan _plan;
    private readonly IDatagramEdge _edge;
    private readonly IPAddress _clientAddress;
    private readonly List<LoadClient> _clients = [];
    private readonly List<LoadClient> _ready = [];
    private readonly List<EdgeSocket> _peers = [];
    private readonly byte[] _message = new byte[Output.BufferLength];
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly Arrival _heard;
    private readonly Arrival _counted;
    private LoadClient?[] _bySocket = [];

    /// <exception cref="LoadException">The server's process is not there, or no address reaches the server.</exception>
    public RelayLoad(LoadPlan plan)
    {
        _plan = plan;
        _username = Encoding.UTF8.GetBytes(plan.Credential.Username);
        _clientAddress = plan.ClientAddress ?? AddressTowards(plan.Server);
        Server = plan.ProcessId is { } id ? new ProcessCost(id) : null;
        _edge = LinuxEdge.IsSupported ? new LinuxEdge(TimeSpan.Zero) { Segments = plan.Segments } : new PortableEdge();
        _heard = (socket, _, room, length) =>
        {
            if (FindClient(socket) is { } client) HearAnswer(client, room.Slice(DatagramRoom.Before, length));
        };
        _counted = (socket, _, room, length) => Count(socket, room, length);
    }

    private ProcessCost? Server { get; }

    /// <summary>Clients come until there are so many; those that were refused before do not try again.</summary>
    public AllocationFigures Allocate(int count)
    {
        int before = _ready.Count, known = _clients.Count;
        while (_clients.Count < known + count - before) AddClient();
        _refusedBecause = null;
        double cpu = Server?.CpuNanoseconds ?? 0;
        long resident = Server?.ResidentBytes ?? 0, began = Stopwatch.GetTimestamp();
        Converse(_clients.ToArray().AsSpan(known));
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;

        _ready.Clear();
        _ready.AddRange(_clients.Where(client => client.Step is LoadStep.Ready));
        int made = _ready.Count - before;
        if (_ready.Count == 0) throw new LoadException($"Nobody got an allocation: {_refusedBecause}.");
        return new AllocationFigures(
            made, count - before - made, _refusedBecause, made / seconds, (Server?.CpuNanoseconds - cpu) / 1000 / made,
            (double?)(Server?.ResidentBytes - resident) / made);
    }

    /// <summary>Gives all allocations back (RFC 8656 §8: a lifetime of zero).</summary>
    public void Release()
    {
        foreach (var client in _ready) client.Step = LoadStep.Release;
        Converse(_ready.ToArray());
        foreach (var client in _clients) Close(client);
        _clients.Clear();
        _ready.Clear();
    }

    public void Dispose()
    {
        _edge.Dispose();
        _random.Dispose();
        Server?.Dispose();
    }

    private void AddClient()
    {
        var socket = Open(_clientAddress, EdgeUse.Relay);
        int peers = _plan.Peers == 0 ? int.MaxValue : _plan.Peers;
        if (_peers.Count <= _clients.Count && _peers.Count < peers) _peers.Add(Open(_plan.PeerAddress ?? _clientAddress, _plan.Peers == 0 ? EdgeUse.Relay : EdgeUse.Listener));
        var client = new LoadClient(socket, _peers[_clients.Count % _peers.Count]);
        Remember(client);
        _clients.Add(client);
    }

    private void Remember(LoadClient client)
    {
        int handle = client.Socket.Handle;
        if (handle >= _bySocket.Length) Array.Resize(ref _bySocket, Math.Max(handle + 1, 2 * _bySocket.Length));
        _bySocket[handle] = client;
    }

    private void Close(LoadClient client)
    {
        _bySocket[client.Socket.Handle] = null;
        _edge.Close(client.Socket);
    }

    private LoadClient? FindClient(EdgeSocket socket) => socket.Handle < _bySocket.Length ? _bySocket[socket.Handle] : null;

    private EdgeSocket Open(IPAddress address, EdgeUse use)
        => _edge.TryOpen(new TransportAddress(address, 0), use)
            ?? throw new LoadException($"No socket at {address}: the address is not this machine's, or the limit of open files is reached (ulimit -n).");

    private static IPAddress AddressTowards(TransportAddress server)
    {
        try
        {
            using var socket = new Socket(server.Address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(new IPEndPoint(server.Address, server.Port));
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (SocketException e)
        {
            throw new LoadException($"The server is not reachable from here: {e.Message}.");
        }
    }
}
