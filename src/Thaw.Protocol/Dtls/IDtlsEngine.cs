using System.Security.Cryptography;

namespace Thaw.Protocol.Dtls;

/// <summary>Who sends the ClientHello: <c>a=setup:active</c> is <see cref="Client"/> (RFC 5763 §5).</summary>
public enum DtlsRole { Client, Server }

/// <summary>
/// A DTLS association over one path, as a sans-IO machine: records in, records out. Same three verbs and the same
/// invariant as <see cref="IMachine"/>, without addresses, because ICE chooses the path.
/// </summary>
/// <remarks>
/// <see cref="Poll"/> gives Transmit (one datagram of coalesced records), Data (decrypted application data),
/// Event (<see cref="DtlsEvent"/>), Observation and Idle. After a terminal event the engine is silent.
/// </remarks>
public interface IDtlsEngine : IDisposable
{
    /// <summary>Begins the handshake: a client sends its first flight, a server's handshake deadline starts.</summary>
    void Start(Instant now);
    void Receive(ReadOnlySpan<byte> datagram, Instant now);
    void Advance(Instant now);
    Output Poll(Span<byte> buffer, Instant now);

    /// <summary>Encrypts one application data record, at most 1,200 bytes. Dropped unless connected.</summary>
    void Send(ReadOnlySpan<byte> data, Instant now);

    /// <summary>Sends close_notify if connected. No event follows.</summary>
    void Close(Instant now);
}

/// <summary>What an engine is made from; the host supplies the engine, the peer connection the parameters.</summary>
/// <param name="RemoteFingerprint">The peer's <c>a=fingerprint</c>: the handshake fails if its certificate differs.</param>
public sealed record DtlsParameters(DtlsRole Role, CertificateFingerprint RemoteFingerprint, RandomNumberGenerator Random)
{
    /// <summary>From Start to a terminal event, however many flights are lost.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(8);
}

/// <summary>Makes one engine per association, all with the host's one certificate.</summary>
public interface IDtlsEngineFactory
{
    /// <summary>SHA-256 of our certificate, for <c>a=fingerprint</c>.</summary>
    CertificateFingerprint LocalFingerprint { get; }

    IDtlsEngine Create(DtlsParameters parameters);
}

/// <summary>What the layer above must act on.</summary>
public abstract record DtlsEvent
{
    private DtlsEvent() { }

    /// <summary>The handshake is complete and the peer's certificate matches.</summary>
    public sealed record Connected(SrtpKeyingMaterial Keys) : DtlsEvent;

    /// <summary>The handshake of a server without SRTP is complete: whoever the client is, it alone reads what is sent.</summary>
    public sealed record Secured : DtlsEvent;

    /// <summary>Terminal: the handshake or the association failed.</summary>
    public sealed record Failed(DtlsFailure Reason, string Detail) : DtlsEvent;

    /// <summary>Terminal: the peer sent close_notify.</summary>
    public sealed record Closed : DtlsEvent;
}

public enum DtlsFailure { HandshakeTimeout, FingerprintMismatch, AlertReceived, NoCommonProfile, ProtocolError, TooManyHandshakes }
