using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnClient
{
    private const uint Udp = 17U << 24;  // RFC 8656 §18.7: REQUESTED-TRANSPORT
    private const uint IPv6 = 2U << 24;  // RFC 8656 §18.6

    private bool _asksBoth;
    private bool _hasCleared;

    private void AllocateAgain(Instant now)
    {
        if (State is TurnClientState.Allocating) Begin(TurnPurpose.Allocate, now);
    }

    private void OnAllocated(TurnTransaction request, in StunReader answer, Instant now)
    {
        if (State is TurnClientState.Closing)
        {
            Begin(TurnPurpose.Release, now);
            return;
        }

        var relayed = new List<TransportAddress>(2);
        int otherFamilyError = 0;
        foreach (var attribute in answer)
        {
            if (attribute.Type is StunAttributeType.XorRelayedAddress && attribute.TryReadXorAddress(answer.Transaction, out var address)
                && IsUsable(address) && !relayed.Exists(known => known.IsIPv4 == address.IsIPv4))
                relayed.Add(address);
            if (attribute.Type is StunAttributeType.AddressErrorCode && attribute.TryReadError(out int code, out _)) otherFamilyError = code;
        }

        var lifetime = ReadLifetime(answer);
        if (relayed.Count == 0 || lifetime == TimeSpan.Zero)
        {
            End(new TurnClientEvent.Failed(GatheringFailure.BadAnswer, 0, ""));
            return;
        }

        if (!answer.TryReadXorAddress(StunAttributeType.XorMappedAddress, out var mapped) || !IsUsable(mapped)) mapped = default;
        State = TurnClientState.Allocated;
        _relayed = [.. relayed];
        _packets = new PacketRing();
        _timers.Stop(Timer.Attempt);
        Renew(lifetime, request.BeganAt);
        _outputs.Enqueue(new TurnClientEvent.Allocated(Relayed, mapped, lifetime, otherFamilyError));
    }

    private void OnAllocateRefused(TurnTransaction request, GatheringFailure cause, int code, string reason, Instant now)
    {
        if (State is TurnClientState.Closing)
        {
            End(new TurnClientEvent.Closed());
            return;
        }

        // A server that does not know the attribute ignores it; one that chokes on it may like the request without.
        bool chokes = cause is GatheringFailure.BadRequest or GatheringFailure.UnknownAttribute or GatheringFailure.FamilyNotSupported;
        if (chokes && _asksBoth)
        {
            _asksBoth = false;
            AllocateAgain(now);
            return;
        }

        // The server holds an allocation of this five-tuple: of an earlier life of ours, or its answer to us was lost. RFC 8656
        // §7.4 would have us take another port. Ours is shared, and whoever may delete that allocation is who made it.
        bool mayBeOurs = !_hasCleared || request.Transmissions > 1;
        if (cause is GatheringFailure.AllocationMismatch && mayBeOurs)
        {
            _hasCleared = true;
            Begin(TurnPurpose.Clear, now);
            return;
        }

        End(new TurnClientEvent.Failed(cause, code, reason));
    }

    private static bool IsUsable(TransportAddress address)
    {
        if (address.Port == 0) return false;
        Span<byte> bytes = stackalloc byte[16];
        bytes = bytes[..address.WriteAddress(bytes)];
        bool multicast = address.IsIPv4 ? bytes[0] >= 224 : bytes[0] == 0xFF;
        return !multicast && bytes.ContainsAnyExcept((byte)0);
    }
}
