using System.Security.Cryptography;
using Thaw.Protocol.Dtls;

namespace Thaw.Dtls;

/// <summary>
/// Makes the server's side of associations whose client is known by no fingerprint: it proves itself with a certificate of
/// the Web's kind, and whoever has shown its address may connect. Safe to share between loops; each engine has one owner.
/// </summary>
/// <param name="protocols">ALPN (RFC 7301), in order of preference.</param>
public sealed class DtlsAcceptor(DtlsOptions options, IReadOnlyList<string> protocols) : IDisposable
{
    private readonly FibrePool _fibres = new(options.MaxHandshakes);

    /// <summary>Handshakes that hold a thread now.</summary>
    public int HandshakesInFlight => _fibres.InUse;

    /// <summary>Says <see cref="DtlsEvent.Secured"/> when the handshake is done. It has begun with <paramref name="hello"/>: Start answers it.</summary>
    public IDtlsEngine Accept(VerifiedHello hello, ServerCertificate certificate, RandomNumberGenerator random, TimeSpan handshakeTimeout)
        => new BouncyCastleEngine(hello, certificate, protocols, random, handshakeTimeout, options, _fibres);

    public void Dispose() => _fibres.Dispose();
}
