using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Sctp;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>Our data channels against aiortc's over loopback UDP, without DTLS and ICE between them.</summary>
public sealed class AiortcSctpTests
{
    private const string Python = "/usr/bin/python3"; // Debian's, which has python3-aiortc

    [Theory]
    [InlineData("controlling")] // sends INIT as we do: a collision
    [InlineData("controlled")]
    public async Task Channels_open_echo_and_close(string role)
    {
        using var peer = await AiortcPeer.StartAsync(role);
        // aiortc numbers by ICE role: controlling takes odd ones, so we take even ones, and the other way round.
        var channels = new DataChannels(role == "controlling", new SctpOptions(), RandomNumberGenerator.Create(), peer.Now);
        ushort mine = channels.Open("chat", "", default, peer.Now);
        channels.Connect(peer.Now);
        await peer.RunAsync(channels, seen => seen.OfType<DataChannelEvent.Opened>().Count() == 2);
        Assert.Contains(peer.Seen, e => e is DataChannelEvent.Opened { Label: "chat", Incoming: false });
        Assert.Contains(peer.Seen, e => e is DataChannelEvent.Opened { Label: "theirs", Protocol: "p", Incoming: true });

        byte[][] messages = [.. Enumerable.Range(0, 40).Select(i => RandomNumberGenerator.GetBytes(i * i * 40)), new byte[65_536]];
        foreach (byte[] message in messages) Assert.True(channels.TrySend(mine, false, message, peer.Now));
        Assert.True(channels.TrySend(mine, true, "ping: 1"u8, peer.Now));
        await peer.RunAsync(channels, seen => seen.OfType<DataChannelEvent.Message>().Count() == messages.Length + 1);
        var echoes = peer.Seen.OfType<DataChannelEvent.Message>().ToList();
        for (int i = 0; i < messages.Length; i++) Assert.True(messages[i].AsSpan().SequenceEqual(echoes[i].Data), $"message {i}");
        Assert.True(echoes[^1].IsText);
        Assert.DoesNotContain(peer.Observed, o => o is Observation.DatagramDropped);

        channels.Close(mine, peer.Now);
        await peer.RunAsync(channels, seen => seen.OfType<DataChannelEvent.Closed>().Any());
        await peer.RunAsync(channels, _ => channels.BufferedBytes == 0);
        Assert.Equal(mine, channels.Open("again", "", default, peer.Now));
        await peer.RunAsync(channels, seen => seen.OfType<DataChannelEvent.Opened>().Any(o => o.Label == "again"));

        peer.Stop();
        await peer.RunAsync(channels, seen => seen.OfType<DataChannelEvent.Failed>().Any());
        Assert.Equal(SctpFailure.AbortedByPeer, peer.Seen.OfType<DataChannelEvent.Failed>().Single().Reason);
    }

    private sealed class AiortcPeer : IDisposable
    {
        private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private Process? _process;

        public List<object> Seen { get; } = [];
        public List<Observation> Observed { get; } = [];
        public Instant Now => new(_clock.Elapsed.Ticks);

        public static async Task<AiortcPeer> StartAsync(string role)
        {
            if (!File.Exists("/usr/lib/python3/dist-packages/aiortc/__init__.py")) Assert.Skip("python3-aiortc is not installed");
            var peer = new AiortcPeer();
            string script = Path.Combine(AppContext.BaseDirectory, "peers", "aiortc_sctp.py");
            peer._process = Process.Start(new ProcessStartInfo(Python, [script, $"{((IPEndPoint)peer._socket.Client.LocalEndPoint!).Port}", role])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            string? port = await peer._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            peer._socket.Connect(IPAddress.Loopback, int.Parse(port!, System.Globalization.CultureInfo.InvariantCulture));
            return peer;
        }

        public async Task RunAsync(DataChannels channels, Func<List<object>, bool> done)
        {
            byte[] buffer = new byte[Output.BufferLength], received = new byte[65_536];
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(20));
            var wakeAt = Drain(channels, buffer);
            while (!done(Seen))
            {
                limit.Token.ThrowIfCancellationRequested();
                using var turn = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
                var wait = wakeAt - Now;
                turn.CancelAfter(wait < TimeSpan.Zero ? TimeSpan.Zero : wait > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait);
                try
                {
                    int length = await _socket.Client.ReceiveAsync(received, turn.Token);
                    channels.Receive(received.AsSpan(0, length), Now);
                }
                catch (OperationCanceledException)
                {
                    channels.Advance(Now);
                }

                wakeAt = Drain(channels, buffer);
            }
        }

        private Instant Drain(DataChannels channels, byte[] buffer)
        {
            while (true)
            {
                var output = channels.Poll(buffer, Now);
                switch (output.Kind)
                {
                    case OutputKind.Idle: return output.WakeAt;
                    case OutputKind.Transmit: _socket.Client.Send(output.Payload); break;
                    case OutputKind.Observation: Observed.Add((Observation)output.Value!); break;
                    default: Seen.Add(output.Value!); break;
                }
            }
        }

        /// <summary>End of its input: it aborts the association and ends.</summary>
        public void Stop() => _process?.StandardInput.Close();

        public void Dispose()
        {
            if (_process is { HasExited: false }) _process.Kill();
            _process?.Dispose();
            _socket.Dispose();
        }
    }
}
