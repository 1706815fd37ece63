using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Thaw.Net;
using Thaw.Voice.Http;
using Thaw.Voice.Relaying;

namespace Thaw.Voice;

public sealed partial class VoiceServer
{
    private static void ListenOn(IWebHostBuilder web, VoiceServerOptions options, PeerHost peers, EmbeddedRelay? relay) => web.UseKestrelCore().ConfigureKestrel(kestrel =>
    {
        Limit(kestrel, options.Limits);
        var neighbours = new PortNeighbours
        {
            IceTcp = PortSharing.HasIceTcp(options) ? peers.AcceptStreamAsync : null,
            Turn = relay is null ? null : relay.AdoptAsync,
            TurnTls = relay is null ? null : relay.AdoptTlsAsync,
        };
        if (options.Host is not "localhost") kestrel.Listen(IPAddress.Parse(options.Host), options.Port, Configure);
        else if (options.Port == 0) kestrel.Listen(IPAddress.Loopback, 0, Configure);
        else kestrel.ListenLocalhost(options.Port, Configure);

        void Configure(ListenOptions listen)
        {
            Share(listen, neighbours, options.Certificate, options.Time);
            KestrelErrors.Describe(listen);
        }
    });

    internal static void Share(ListenOptions listen, PortNeighbours neighbours, Func<SslStreamCertificateContext>? certificate, TimeProvider time)
    {
        PortSharing.Share(listen, neighbours with { IsHttps = certificate is not null }, time);
        if (certificate is null) return;

        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = PortSharing.TlsHandshake,
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate(),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11, PortSharing.TurnProtocol],
            }),
        });
        PortSharing.ShareTls(listen, neighbours, time);
    }
}
