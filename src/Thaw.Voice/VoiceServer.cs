using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Thaw.Dtls;
using Thaw.Net;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Relay;
using Thaw.Voice.Audio;
using Thaw.Voice.Calls;
using Thaw.Voice.Http;
using Thaw.Voice.Relaying;

namespace Thaw.Voice;

/// <summary>The voice backend: HTTP for signalling, one UDP port for media, an agent for every call.</summary>
public sealed partial class VoiceServer : IAsyncDisposable
{
    private static readonly TimeSpan LongestGathering = TimeSpan.FromSeconds(2);

    private readonly WebApplication _web;
    private readonly CallHost _calls;
    private readonly PeerHost _peers;
    private readonly BouncyCastleDtls _dtls;
    private readonly EmbeddedRelay? _relay;

    private VoiceServer(WebApplication web, CallHost calls, PeerHost peers, BouncyCastleDtls dtls, EmbeddedRelay? relay, VoiceServerOptions options)
    {
        (_web, _calls, _peers, _dtls, _relay) = (web, calls, peers, dtls, relay);
        int port = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        bool local = options.Host is "localhost" || IPAddress.TryParse(options.Host, out var ip) && (IPAddress.IsLoopback(ip) || IsAny(ip));
        Url = new UriBuilder(options.Certificate is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps, local ? "localhost" : options.Host, port).Uri;
    }

    /// <summary>Where a browser on this machine finds the page.</summary>
    public Uri Url { get; }

    public int UdpPort => _peers.UdpPort;

    /// <summary>Where media may come over TCP; null for nowhere.</summary>
    public int? TcpPort => _peers.TcpPort;

    /// <summary>The TURN server inside; null where it is off or could not start.</summary>
    public RelayHost? Relay => _relay?.Host;

    /// <summary>What answers name now, the best first; those with a loopback base only for callers on this machine.</summary>
    public IReadOnlyList<Candidate> LocalCandidates => _peers.LocalCandidates;

    /// <summary>Names among the public addresses that no look-up has found yet.</summary>
    public IReadOnlyList<string> UnknownNames => _peers.UnknownNames;

    /// <summary>The UDP port's counters since the start.</summary>
    public PeerHostStatistics Statistics => _peers.Statistics;

    /// <summary>In order of preference; calls use the first that the client has too.</summary>
    public AudioCodecs Codecs => _calls.Codecs;

    /// <exception cref="IOException">The HTTP port is taken or may not be used.</exception>
    /// <exception cref="PeerHostException">The same for the UDP port.</exception>
    public static async Task<VoiceServer> StartAsync(VoiceServerOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);

        var servers = new IceServerLog(options);
        var peers = PeerHost.Open(options.Network with { Observed = servers.Observe }, options.Time);
        var codecs = AudioCodecs.Available();
        var dtls = new BouncyCastleDtls();
        var config = new PeerConfig { Dtls = dtls, AudioCodecs = codecs.Names, Budget = options.Budget };
        var relay = EmbeddedRelay.TryStart(options, peers);
        var (web, calls) = Compose(
            relay is null ? options : options with { IceSources = [.. options.IceSources, relay] }, // what was configured comes first
            new HostedPeers(peers, config), codecs, web => ListenOn(web, options, peers, relay), relay?.Host.Meter);
        servers.Attach(calls.Log);
        if (options.IceSources is not []) _ = BackendServers.FeedAsync(calls, peers, servers);
        try
        {
            var selfTest = options.Rehearse ? Task.Run(dtls.WarmUp, cancel) : Task.CompletedTask;
            await ListenAsync(web, options, cancel);
            await selfTest;
            if (options.TcpPort is not null && peers.TcpPort is null) calls.Log.NoTcpPort();
            if (options.Relay is not null && relay is null) calls.Log.NoRelay();
            else if (relay is { HasMoved: true }) calls.Log.RelayMoved(options.Relay!.Port, relay.Host.Port);
            if (options.Rehearse) await Rehearsal.RunAsync(calls.Log, Rehearsal.LongestRun, cancel);
            await peers.NamesSettled.WaitAsync(cancel);
            await Task.WhenAny(peers.GatheringSettled, Task.Delay(LongestGathering, options.Time, cancel)); // later ones are in later answers
            if (options.ProbesIceServers) calls.Probes.Start();
            return new(web, calls, peers, dtls, relay, options);
        }
        catch
        {
            await CloseAsync(web, calls, peers, dtls, relay);
            throw;
        }
    }

    /// <summary>From now on <c>/readyz</c> and new calls get 503.</summary>
    public void Drain() => _calls.Drain();

    /// <summary>Says goodbye to every client and closes. Takes well under two seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        await _calls.StopAsync();
        if (_relay is not null) await _relay.DisposeAsync(); // its streams are connections of the web server, which would wait for them
        await _web.StopAsync();
        await CloseAsync(_web, _calls, _peers, _dtls, relay: null);
    }

    private static async ValueTask CloseAsync(WebApplication web, CallHost calls, PeerHost peers, BouncyCastleDtls dtls, EmbeddedRelay? relay)
    {
        await calls.DisposeAsync();
        if (relay is not null) await relay.DisposeAsync();
        await peers.DisposeAsync();
        await web.DisposeAsync();
        dtls.Dispose();
    }

    /// <summary>Everything but the sockets: what tests run in memory.</summary>
    internal static (WebApplication Web, CallHost Calls) Compose(
        VoiceServerOptions options, ICallPeers peers, AudioCodecs codecs, Action<IWebHostBuilder> listen, Meter? relay = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear(); // thaw has its own settings; ASPNETCORE_URLS and appsettings.json are not among them
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(500));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Logging.ClearProviders()
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // why it cannot start is our caller's to say
        options.Logging(builder.Logging);
        listen(builder.WebHost);

        var app = builder.Build();
        var calls = new CallHost(options, peers, codecs, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Thaw.Voice"));
        Endpoints.Map(app, calls, options, relay);
        return (app, calls);
    }

    internal static void Limit(KestrelServerOptions kestrel, CallLimits limits)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = limits.RequestBody;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    }

    private static async Task ListenAsync(WebApplication web, VoiceServerOptions options, CancellationToken cancel)
    {
        try
        {
            await web.StartAsync(cancel);
        }
        catch (Exception e) when (e is { InnerException: AddressInUseException } or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
        {
            throw new IOException($"HTTP port {options.Port} on {options.Host} is in use by another program. Stop that program or choose another HTTP port.", e);
        }
        catch (SocketException e)
        {
            throw new IOException($"HTTP port {options.Port} on {options.Host} cannot be used: {e.Message}.", e);
        }
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    // Signals are the command line's business: it says goodbye to clients before the web server stops.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
