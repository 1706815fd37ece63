using System.Buffers.Binary;
using Thaw.Protocol;
using Thaw.Protocol.Stun;

namespace Thaw.Tests.World;

/// <summary>
/// What ICE is measured against: a host that, ten times a second, sends from everywhere to everywhere it has heard of,
/// with no priorities, roles, limits or patience. Two of them find a path if the network has one.
/// </summary>
internal sealed class Puncher : IMachine
{
    private const byte Question = 100, Answer = 101, Stun = 0;
    private const int MaxKnown = 60; // some networks show a new address each time

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly TransportAddress[] _bases;
    private readonly List<TransportAddress> _known = [];
    private readonly Queue<(TransportAddress From, TransportAddress To, byte Kind, int Tag)> _due = [];
    private Instant _roundAt = Instant.Never;

    public Puncher(TransportAddress[] bases) => _bases = bases;

    /// <summary>A question was answered from where it went.</summary>
    public bool HasPath { get; private set; }

    /// <summary>Own addresses as STUN sees them.</summary>
    public List<TransportAddress> Mapped { get; } = [];

    public void AskStun(TransportAddress from, TransportAddress server)
    {
        if (from.IsIPv4 == server.IsIPv4) _due.Enqueue((from, server, Stun, 0));
    }

    public void Begin(Instant now) => _roundAt = now;

    public void Learn(TransportAddress address)
    {
        if (_known.Count < MaxKnown && !_known.Contains(address)) _known.Add(address);
    }

    public void Receive(in Datagram datagram, Instant now)
    {
        if (datagram.Payload.Length != 5)
        {
            if (StunReader.TryRead(datagram.Payload, out var answer) is null && answer.TryReadXorAddress(StunAttributeType.XorMappedAddress, out var mapped)) Mapped.Add(mapped);
            return;
        }

        if (_bases.Contains(datagram.Source)) return; // the other side's private address is also ours
        Learn(datagram.Source);
        int tag = BinaryPrimitives.ReadInt32BigEndian(datagram.Payload[1..]);
        if (datagram.Payload[0] == Question) _due.Enqueue((datagram.Destination, datagram.Source, Answer, tag));
        else if (tag == Tag(datagram.Destination, datagram.Source)) HasPath = true;
    }

    public void Advance(Instant now)
    {
        if (now < _roundAt) return;
        _roundAt = now + Period;
        foreach (var from in _bases)
            foreach (var to in _known)
                if (from.IsIPv4 == to.IsIPv4 && from.Protocol == to.Protocol) _due.Enqueue((from, to, Question, Tag(from, to)));
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (!_due.TryDequeue(out var due)) return Output.Idle(_roundAt);
        if (due.Kind == Stun)
            return Output.Transmit(due.From, due.To, new StunWriter(buffer, StunMethod.Binding, StunClass.Request, new TransactionId(1, 1)).Finish());
        buffer[0] = due.Kind;
        BinaryPrimitives.WriteInt32BigEndian(buffer[1..], due.Tag);
        return Output.Transmit(due.From, due.To, buffer[..5]);
    }

    // An answer repeats the tag of its question; it counts only if it comes from where the question went.
    private static int Tag(TransportAddress from, TransportAddress to) => (from, to).GetHashCode();
}
