using System.Security.Cryptography;
using Thaw.Dtls.Crypto;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Dtls;

/// <summary>
/// The host's DTLS identity and the engines made from it. Safe to share between loops; each engine has one owner.
/// Call <see cref="WarmUp"/> before the first call arrives: a cold first handshake takes 0.2 s.
/// </summary>
public sealed class BouncyCastleDtls : IDtlsEngineFactory, IDisposable
{
    private readonly DtlsOptions _options;
    private readonly LocalIdentity _identity;
    private readonly FibrePool _fibres;

    public BouncyCastleDtls(DtlsOptions? options = null, TimeProvider? time = null)
    {
        _options = options ?? new();
        _identity = new LocalIdentity((time ?? TimeProvider.System).GetUtcNow());
        _fibres = new FibrePool(_options.MaxHandshakes);
        LocalFingerprint = CertificateFingerprint.Sha256Of(_identity.Der);
    }

    public CertificateFingerprint LocalFingerprint { get; }

    /// <summary>Handshakes that hold a thread now.</summary>
    public int HandshakesInFlight => _fibres.InUse;

    internal FibrePool Fibres => _fibres;

    public IDtlsEngine Create(DtlsParameters parameters) => new BouncyCastleEngine(parameters, _options, _identity, _fibres);

    /// <summary>One handshake with ourselves, both roles, in memory: compiles the code and proves that it works.</summary>
    /// <exception cref="InvalidOperationException">This machine's cryptography cannot complete a handshake.</exception>
    public void WarmUp()
    {
        using var random = RandomNumberGenerator.Create();
        using var client = Create(new(DtlsRole.Client, LocalFingerprint, random));
        using var server = Create(new(DtlsRole.Server, LocalFingerprint, random));
        var now = new Instant(0);
        server.Start(now);
        client.Start(now);

        SrtpKeyingMaterial? clientKeys = null, serverKeys = null;
        for (int turn = 0; turn < 4 && (clientKeys is null || serverKeys is null); turn++)
        {
            clientKeys ??= Deliver(client, server, now);
            serverKeys ??= Deliver(server, client, now);
        }

        if (clientKeys is null || serverKeys is null || !clientKeys.LocalMasterKey.SequenceEqual(serverKeys.RemoteMasterKey))
            throw new InvalidOperationException("The DTLS self-test failed");
    }

    private static SrtpKeyingMaterial? Deliver(IDtlsEngine from, IDtlsEngine to, Instant now)
    {
        SrtpKeyingMaterial? keys = null;
        byte[] buffer = new byte[Output.BufferLength];
        while (from.Poll(buffer, now) is { Kind: not OutputKind.Idle } output)
        {
            if (output.Kind == OutputKind.Transmit) to.Receive(output.Payload, now);
            else if (output.Value is DtlsEvent.Connected connected) keys = connected.Keys;
            else if (output.Value is DtlsEvent.Failed failed) throw new InvalidOperationException($"The DTLS self-test failed: {failed.Detail}");
        }

        return keys;
    }

    public void Dispose()
    {
        _fibres.Dispose();
        _identity.Dispose();
    }
}
