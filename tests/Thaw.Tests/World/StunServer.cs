using Thaw.Protocol;
using Thaw.Protocol.Stun;

namespace Thaw.Tests.World;

/// <summary>Answers every Binding request with the address it came from (RFC 8489 §12).</summary>
internal sealed class StunServer : IMachine
{
    private readonly Queue<(TransportAddress Source, TransportAddress Destination, TransactionId Transaction)> _asked = [];

    public void Receive(in Datagram datagram, Instant now)
    {
        if (StunReader.TryRead(datagram.Payload, out var request) is not null) return;
        if (request is { Method: StunMethod.Binding, Class: StunClass.Request }) _asked.Enqueue((datagram.Source, datagram.Destination, request.Transaction));
    }

    public void Advance(Instant now)
    {
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (!_asked.TryDequeue(out var asked)) return Output.Idle(Instant.Never);
        var answer = new StunWriter(buffer, StunMethod.Binding, StunClass.SuccessResponse, asked.Transaction);
        answer.AddXorAddress(StunAttributeType.XorMappedAddress, asked.Source);
        return Output.Transmit(asked.Destination, asked.Source, answer.Finish());
    }
}
