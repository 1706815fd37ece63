using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;

namespace Thaw.Tests.World;

/// <summary>An ICE-lite agent (RFC 8445 §2.5): it answers checks, and asks none.</summary>
internal sealed class LitePeer : IMachine
{
    private readonly Queue<(TransportAddress Source, TransportAddress Destination, TransactionId Transaction)> _asked = [];

    public IceCredentials Local { get; } = new("lite", "password-of-a-lite-agent");

    /// <summary>Where the peer nominated it to send to.</summary>
    public TransportAddress? Nominated { get; private set; }

    public void Receive(in Datagram datagram, Instant now)
    {
        if (StunReader.TryRead(datagram.Payload, out var request) is not null || request.Class is not StunClass.Request) return;
        if (request.CheckIntegrity(Encoding.UTF8.GetBytes(Local.Password)) is not StunSeal.Valid) return;
        if (request.Has(StunAttributeType.UseCandidate)) Nominated = datagram.Source;
        _asked.Enqueue((datagram.Source, datagram.Destination, request.Transaction));
    }

    public void Advance(Instant now)
    {
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (!_asked.TryDequeue(out var asked)) return Output.Idle(Instant.Never);
        var answer = new StunWriter(buffer, StunMethod.Binding, StunClass.SuccessResponse, asked.Transaction);
        answer.AddXorAddress(StunAttributeType.XorMappedAddress, asked.Source);
        answer.AddIntegrity(Encoding.UTF8.GetBytes(Local.Password));
        answer.AddFingerprint();
        return Output.Transmit(asked.Destination, asked.Source, answer.Finish());
    }
}
