using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Thaw.Net.Loop;
using Thaw.Protocol;

namespace Thaw.Net.Tcp;

/// <summary>
/// One TCP port on the local addresses: a listener of our own on each, save where another one of this process shares the
/// port and hands over what is for us.
/// </summary>
internal sealed class TcpListeners(PassiveTcp streams, StreamCounters counters, Clock clock, int port, Func<IPAddress, bool> isShared)
    : IDisposable
{
    private const int Backlog = 128;
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100); // out of file descriptors: not in a tight loop

    private readonly Dictionary<IPAddress, Socket?> _listening = []; // null where shared
    private volatile TransportAddress[] _bases = [];
    private volatile bool _stopped;

    public int Port => port;

    /// <summary>Where connections can arrive.</summary>
    public IReadOnlyList<TransportAddress> Bases => _bases;

    /// <returns>Null, or what the system said.</returns>
    public SocketException? TryListen(IPAddress address)
    {
        if (_listening.ContainsKey(address)) return null;
        if (isShared(address))
        {
            Add(address, null);
            return null;
        }

        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily is AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return e;
        }

        Add(address, socket);
        _ = AcceptAsync(socket);
        return null;
    }

    /// <summary>The address is gone; its connections end by themselves.</summary>
    public void Forget(IPAddress address)
    {
        if (_listening.Remove(address, out var socket)) socket?.Dispose();
        Publish();
    }

    public void Dispose()
    {
        _stopped = true;
        foreach (var socket in _listening.Values) socket?.Dispose();
        _listening.Clear();
    }

    private void Add(IPAddress address, Socket? listener)
    {
        _listening.Add(address, listener);
        Publish();
    }

    private void Publish()
        => _bases = [.. _listening.Keys.Select(address => new TransportAddress(address, (ushort)port).Over(TransportProtocol.Tcp))];

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopped)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync());
            }
            catch (Exception e) when (e is ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket or SocketError.InvalidArgument })
            {
                return; // stopped, or its address is gone
            }
            catch (SocketException)
            {
                counters.CountAcceptError();
                await Task.Delay(AcceptPause, clock.Time, CancellationToken.None);
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        try
        {
            connection.NoDelay = true;
            var flow = FlowOf((IPEndPoint)connection.LocalEndPoint!, (IPEndPoint)connection.RemoteEndPoint!);
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            await streams.ServeAsync(new StreamPipes(stream), flow);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            counters.CountAcceptError(); // gone before it was served
        }
        finally
        {
            connection.Dispose();
        }
    }

    public static Flow FlowOf(IPEndPoint local, IPEndPoint remote) => new(
        new TransportAddress(local.Address, (ushort)local.Port).Over(TransportProtocol.Tcp),
        new TransportAddress(remote.Address, (ushort)remote.Port).Over(TransportProtocol.Tcp));
}

/// <summary>Both directions of a stream as pipes; whoever owns the stream closes it.</summary>
internal sealed class StreamPipes(Stream stream) : IDuplexPipe
{
    private static readonly StreamPipeReaderOptions Reading = new(leaveOpen: true);
    private static readonly StreamPipeWriterOptions Writing = new(leaveOpen: true);

    public PipeReader Input { get; } = PipeReader.Create(stream, Reading);
    public PipeWriter Output { get; } = PipeWriter.Create(stream, Writing);
}
