using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Turn;

namespace Thaw.Relay.Dtls;

/// <summary>A client over DTLS, from the moment that it has shown its address.</summary>
internal sealed class DtlsClient(FiveTuple fiveTuple, VerifiedHello hello, IDtlsEngine engine)
{
    public FiveTuple FiveTuple => fiveTuple;

    /// <summary>What its handshake began with.</summary>
    public VerifiedHello Hello => hello;

    public IDtlsEngine Engine => engine;

    public bool IsSecured { get; set; }

    /// <summary>The engine's next deadline; none once the handshake is done.</summary>
    public Instant WakeAt { get; set; }

    /// <summary>When it had an allocation last, or began.</summary>
    public Instant UsedAt { get; set; }
}

/// <param name="Message">Null: the client is gone.</param>
internal readonly record struct DtlsErrand(FiveTuple FiveTuple, byte[]? Message);
