using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Thaw.Voice;
using Thaw.Voice.Http;
using Xunit;

namespace Thaw.Tests.Voice;

/// <summary>The real Kestrel, with the voice backend behind it, on pipes.</summary>
internal sealed class KestrelOnPipes : IAsyncDisposable
{
    private readonly PipeTransport _transport = new();
    private readonly ScriptedPeers _peers = new();
    private WebApplication? _web;
    private Thaw.Voice.Calls.CallHost? _calls;

    public static async Task<KestrelOnPipes> StartAsync(Action<ListenOptions>? before = null)
    {
        var server = new KestrelOnPipes();
        (server._web, server._calls) = VoiceServer.Compose(new VoiceServerOptions(), server._peers, VoiceWorld.Codecs, web => web
            .UseKestrelCore()
            .ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory>(server._transport))
            .ConfigureKestrel(kestrel => VoiceServer.Limit(kestrel, new()))
            .ConfigureKestrel(kestrel => kestrel.Listen(new IPEndPoint(IPAddress.Loopback, 1), listen =>
            {
                before?.Invoke(listen);
                KestrelErrors.Describe(listen);
            })));
        await server._web.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Sends the bytes and returns all that comes back until the server closes.</summary>
    public async Task<string> ExchangeAsync(string request)
    {
        var client = Connect();
        await client.Output.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using var response = new MemoryStream();
        await client.Input.CopyToAsync(response, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        return Encoding.Latin1.GetString(response.ToArray());
    }

    public IDuplexPipe Connect() => _transport.Connect();

    public async ValueTask DisposeAsync()
    {
        await _calls!.DisposeAsync();
        await _web!.StopAsync();
        await _web.DisposeAsync();
    }

    private sealed class PipeTransport : IConnectionListenerFactory, IConnectionListener
    {
        private readonly Channel<ConnectionContext> _arriving = Channel.CreateUnbounded<ConnectionContext>();

        public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 1);

        public IDuplexPipe Connect()
        {
            Pipe up = new(), down = new();
            _arriving.Writer.TryWrite(new Connection(new Ends(up.Reader, down.Writer))
            {
                LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 1),
                RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 50_000),
            });
            return new Ends(down.Reader, up.Writer);
        }

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(this);

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try { return await _arriving.Reader.ReadAsync(cancellationToken); }
            catch (ChannelClosedException) { return null; }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _arriving.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private sealed class Connection(Ends server) : DefaultConnectionContext("test", server, server)
        {
            public override async ValueTask DisposeAsync()
            {
                await server.Output.CompleteAsync();
                await server.Input.CompleteAsync();
                await base.DisposeAsync();
            }
        }

        private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
    }
}
