using System.Diagnostics;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Ice;

public sealed partial class IceAgent
{
    private const int MaxEarly = 16;
    private const int MaxAnswers = 16;
    private const int MaxUnknown = 8;
    private const string PeerReflexiveFoundation = "prflx";

    // What a Binding request may carry below 0x8000; all else is answered with 420 (RFC 8489 §6.3.1).
    private static readonly StunAttributeType[] Understood =
    [
        StunAttributeType.Username, StunAttributeType.MessageIntegrity, StunAttributeType.MessageIntegritySha256,
        StunAttributeType.Priority, StunAttributeType.UseCandidate,
    ];

    public void Receive(in Datagram datagram, Instant now)
    {
        if (Handle(datagram, now) is { } reason)
        {
            if (!_isClosed) Note(new Observation.DatagramDropped(datagram.Source, reason));
            return;
        }

        Settle(now);
    }

    private DropReason? Handle(in Datagram datagram, Instant now)
    {
        if (_isClosed) return DropReason.Closed;
        if (StunReader.TryRead(datagram.Payload, out var message) is { } malformed) return malformed;
        if (message.Method is not StunMethod.Binding) return DropReason.Malformed;

        // RFC 8445 §7.1, §7.2: ICE's STUN always carries FINGERPRINT, also to tell it from media.
        if (message.CheckFingerprint() is var seal and not StunSeal.Valid)
            return seal is StunSeal.Missing ? DropReason.MissingAttribute : DropReason.BadFingerprint;

        var path = new PairPath(datagram.Destination, datagram.Source);
        return message.Class switch
        {
            StunClass.Request => HandleRequest(message, path, now),
            StunClass.Indication => null, // RFC 8445 §11: a keepalive, unauthenticated, means nothing
            _ => HandleResponse(message, path, now),
        };
    }

    private DropReason? HandleRequest(in StunReader request, PairPath path, Instant now)
    {
        if (!request.TryFind(StunAttributeType.Username, out var username)) return DropReason.MissingAttribute;
        if (FindGeneration(username.Value) is not { } list) return DropReason.UnknownUsername;
        if (request.CheckIntegrity(list.LocalKey) is var seal and not StunSeal.Valid)
            return seal is StunSeal.Missing ? DropReason.MissingAttribute : DropReason.BadIntegrity;
        if (list.HasFailed) return DropReason.Closed; // an answer would make the peer believe in the pair
        if (_answers.Count >= MaxAnswers) return DropReason.QueueFull;

        if (request.FindUnknown(Understood, stackalloc ushort[1]) > 0)
        {
            Span<ushort> unknown = stackalloc ushort[MaxUnknown];
            int count = request.FindUnknown(Understood, unknown);
            _answers.Enqueue(new Answer(list, path, request.Transaction, StunErrorCode.UnknownAttribute, unknown[..count].ToArray()));
            return null;
        }

        uint priority = request.TryFind(StunAttributeType.Priority, out var attribute) && attribute.TryReadUInt32(out uint sent)
            ? sent
            : CandidatePriority.Of(CandidateType.PeerReflexive, 0);
        if (MustRefuseRole(request))
        {
            _answers.Enqueue(new Answer(list, path, request.Transaction, StunErrorCode.RoleConflict));
            if (list == _current) TakeRefusedCheck(new EarlyCheck(path, priority, UseCandidate: false));
            return null;
        }

        _answers.Enqueue(new Answer(list, path, request.Transaction));
        bool useCandidate = request.Has(StunAttributeType.UseCandidate) && Role is IceRole.Controlled;
        Note(new Observation.CheckReceived(path.LocalBase, path.Remote, useCandidate));

        var check = new EarlyCheck(path, priority, useCandidate);
        if (list != _current) TakeLateCheck(list, check, now);
        else if (!TryTakeCheck(check, now)) RememberEarly(check);
        return null;
    }

    private Checklist? FindGeneration(ReadOnlySpan<byte> username)
    {
        int colon = username.IndexOf((byte)':');
        if (colon < 0) return null;
        var ufrag = username[..colon];
        if (ufrag.SequenceEqual(_current.LocalUfrag)) return _current;
        return _previous is not null && ufrag.SequenceEqual(_previous.LocalUfrag) ? _previous : null;
    }

    // RFC 8445 §7.3.1.1: the greater tiebreaker is controlling. Whoever is told so first either refuses or switches.
    private bool MustRefuseRole(in StunReader request)
    {
        var claim = Role is IceRole.Controlling ? StunAttributeType.IceControlling : StunAttributeType.IceControlled;
        if (!request.TryFind(claim, out var attribute) || !attribute.TryReadUInt64(out ulong theirs)) return false;

        bool weControl = _tiebreaker >= theirs;
        if (weControl == Role is IceRole.Controlling) return true;
        SwitchRole(weControl ? IceRole.Controlling : IceRole.Controlled);
        return false;
    }

    /// <summary>RFC 8445 §7.3.1.3 to §7.3.1.5: learn, trigger, take up the nomination.</summary>
    /// <returns>False where it must wait for the peer's credentials or for our candidate.</returns>
    private bool TryTakeCheck(EarlyCheck check, Instant now)
    {
        if (!CanPair(check)) return false;
        if (Learn(check) is { } pair) TakeNomination(pair, check.UseCandidate, now);
        return true;
    }

    /// <summary>
    /// Its path is as good as any. And where the 487 does not find its way back, because the answer of a NAT that maps by
    /// destination leaves from another port than was asked, our own check is how the peer learns of its role.
    /// </summary>
    private void TakeRefusedCheck(EarlyCheck check)
    {
        if (CanPair(check)) Learn(check);
    }

    private bool CanPair(EarlyCheck check) => _current.Remote is not null && LocalWithBase(check.Path.LocalBase) is not null;

    /// <summary>The check's pair, asked in turn unless it works; null, observed, where there is no room for it.</summary>
    private CandidatePair? Learn(EarlyCheck check)
    {
        var local = LocalWithBase(check.Path.LocalBase)!;
        var remote = _current.FindRemote(check.Path.Remote);
        if (remote is null)
        {
            remote = new Candidate(CandidateType.PeerReflexive, check.Path.Remote, check.Path.Remote, check.Priority, PeerReflexiveFoundation);
            if (_current.TryAddRemote(remote, Role) is { } refusal)
            {
                Note(new Observation.CandidateIgnored(remote, refusal));
                return null;
            }

            Note(new Observation.RemoteCandidateLearned(remote, CandidateOrigin.PeerReflexive));
        }

        if (_current.Pair(local, remote, Role, heardPeer: true) is not { } pair)
        {
            Note(new Observation.CandidateIgnored(remote, CandidateRefusal.LimitReached));
            return null;
        }

        pair.HeardPeer = true;

        // A pair that works needs no triggered check; sending one would be answered with one, at 1/RTT for ever.
        if (!pair.IsValid) _current.Trigger(pair);
        return pair;
    }

    /// <summary>The peer has not seen our restart yet: the old generation is answered and obeyed, but not extended.</summary>
    private void TakeLateCheck(Checklist list, EarlyCheck check, Instant now)
    {
        if (list.Find(check.Path) is { } pair) TakeNomination(pair, check.UseCandidate, now);
    }

    private void RememberEarly(EarlyCheck check)
    {
        int known = _current.Early.FindIndex(early => early.Path == check.Path);
        if (known >= 0) _current.Early[known] = check with { UseCandidate = check.UseCandidate || _current.Early[known].UseCandidate };
        else if (_current.Early.Count < MaxEarly) _current.Early.Add(check);
    }

    private void ReplayEarlyChecks(Instant now)
    {
        if (_current.Remote is null) return;
        _current.Early.RemoveAll(check => TryTakeCheck(check, now));
    }

    private Candidate? LocalWithBase(TransportAddress @base)
    {
        Candidate? best = null;
        foreach (var local in _locals)
            if (local.Base == @base && (best is null || local.Priority > best.Priority)) best = local;
        return best;
    }

    private static Output Write(Answer answer, Span<byte> buffer)
    {
        var @class = answer.Error == 0 ? StunClass.SuccessResponse : StunClass.ErrorResponse;
        var writer = new StunWriter(buffer, StunMethod.Binding, @class, answer.Transaction);
        switch (answer.Error)
        {
            case 0: writer.AddXorAddress(StunAttributeType.XorMappedAddress, answer.Path.Remote); break;
            case StunErrorCode.RoleConflict: writer.AddError(answer.Error, "Role Conflict"u8); break;
            case StunErrorCode.UnknownAttribute:
                writer.AddError(answer.Error, "Unknown Attribute"u8);
                writer.AddUnknown(answer.Unknown);
                break;
            default: throw new UnreachableException();
        }

        writer.AddIntegrity(answer.Generation.LocalKey);
        writer.AddFingerprint();
        return Output.Transmit(answer.Path.LocalBase, answer.Path.Remote, writer.Finish());
    }

    /// <summary>A response that waits for the next poll.</summary>
    private readonly record struct Answer(
        Checklist Generation, PairPath Path, TransactionId Transaction, int Error = 0, ushort[]? Unknown = null);
}
