using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Thaw.Relay.Admin;

/// <summary>An HTTP listener of its own for <see cref="RelayAdmin"/>.</summary>
public sealed class RelayAdminServer : IAsyncDisposable
{
    private const int MaxConnections = 64;

    private static readonly TimeSpan LongestHeaders = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromMilliseconds(500);

    private readonly WebApplication _web;
    private readonly RelayAdmin _admin;

    private RelayAdminServer(WebApplication web, RelayAdmin admin)
    {
        (_web, _admin) = (web, admin);
        Port = new Uri(web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    public int Port { get; }

    /// <exception cref="RelayHostException">The port is taken, the address not ours, or a token is missing.</exception>
    public static async Task<RelayAdminServer> StartAsync(RelayHost relay, RefusalRing refusals, RelayAdminOptions options)
    {
        if (!IPAddress.IsLoopback(options.Address) && options.Token.Length == 0)
            throw new RelayHostException("Beyond this machine --admin-address needs an --admin-token.");

        var admin = new RelayAdmin(relay, refusals);
        var web = Compose(admin, options, listen => listen.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = LongestHeaders;
            kestrel.Listen(options.Address, options.Port);
        }));
        try
        {
            await web.StartAsync();
            return new RelayAdminServer(web, admin);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await web.DisposeAsync();
            admin.Dispose();
            string why = e is { InnerException: AddressInUseException } ? "it is in use" : e.Message.TrimEnd('.');
            throw new RelayHostException($"The admin port {options.Port} on {options.Address} cannot be had: {why}.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync();
        await _web.DisposeAsync();
        _admin.Dispose();
    }

    /// <summary>Everything but the socket: what tests run in memory.</summary>
    internal static WebApplication Compose(RelayAdmin admin, RelayAdminOptions options, Action<IWebHostBuilder> listen)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.Sources.Clear(); // thaw has its own settings; ASPNETCORE_URLS and appsettings.json are not among them
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = LongestFarewell);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Logging.ClearProviders();
        listen(builder.WebHost);

        var web = builder.Build();
        web.Use((context, next) => AdminErrors.InvokeAsync(context, next)); // of paths that there are not
        admin.Map(web, options.Token);
        return web;
    }

    // Signals are the command line's business.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
