using System.Text;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnClient
{
    private const int MaxReason = 128;

    public void Receive(in Datagram datagram, Instant now)
    {
        if (State is TurnClientState.Ended)
        {
            Drop(datagram.Source, DropReason.Closed);
            return;
        }

        if (datagram.Source != Server || datagram.Destination != Local) Drop(datagram.Source, DropReason.NoRoute);
        else if (ChannelData.IsChannelData(datagram.Payload)) OnChannelData(datagram, now);
        else OnStun(datagram, now);
    }

    private void OnStun(in Datagram datagram, Instant now)
    {
        if (StunReader.TryRead(datagram.Payload, out var message) is { } reason)
        {
            Drop(datagram.Source, reason);
            return;
        }

        if (message is { Class: StunClass.Indication, Method: StunMethod.Data })
        {
            OnDataIndication(message, datagram.Source, now);
            return;
        }

        var request = Find(message);
        if (request is null) reason = DropReason.UnknownTransaction;
        else if (RefuseSeals(message, request) is { } bad) reason = bad;
        else
        {
            _inFlight.Remove(request);
            _isSettled = false;
            if (message.Class is StunClass.SuccessResponse) OnSuccess(request, message, now);
            else OnError(request, message, now);
            return;
        }

        Drop(datagram.Source, reason);
    }

    private TurnTransaction? Find(in StunReader message)
    {
        if (message.Class is not (StunClass.SuccessResponse or StunClass.ErrorResponse)) return null;
        foreach (var request in _inFlight)
            if (request.Id == message.Transaction && request.Method == message.Method && request.Transmissions > 0) return request;
        return null;
    }

    /// <summary>
    /// RFC 8489 §9.2.5: what was asked under our credential is answered under it. Errors may come unsealed: challenges always
    /// do, and widespread servers seal none.
    /// </summary>
    private DropReason? RefuseSeals(in StunReader message, TurnTransaction request)
    {
        if (message.CheckFingerprint() is StunSeal.Invalid) return DropReason.BadFingerprint;
        if (!request.IsSealed) return null;
        return _login.Check(message) switch
        {
            StunSeal.Invalid => DropReason.BadIntegrity,
            StunSeal.Missing when message.Class is StunClass.SuccessResponse => DropReason.MissingAttribute,
            _ => null,
        };
    }

    private void OnSuccess(TurnTransaction request, in StunReader message, Instant now)
    {
        switch (request.Purpose)
        {
            case TurnPurpose.Allocate: OnAllocated(request, message, now); break;
            case TurnPurpose.Clear: AllocateAgain(now); break;
            case TurnPurpose.Refresh: OnRefreshed(request, message); break;
            case TurnPurpose.Release: End(new TurnClientEvent.Closed()); break;
            case TurnPurpose.Permit: OnPermitted(request); break;
            case TurnPurpose.Bind: OnBound(request); break;
        }
    }

    private void OnError(TurnTransaction request, in StunReader message, Instant now)
    {
        int code = 0;
        ReadOnlySpan<byte> text = default;
        if (message.TryFind(StunAttributeType.ErrorCode, out var error)) error.TryReadError(out code, out text);

        bool isOver = State is TurnClientState.Closing && request.Purpose is not TurnPurpose.Release;
        if (isOver)
        {
            OnRefused(request, FailureOf(code), code, "", now);
            return;
        }

        if (code == StunErrorCode.StaleNonce || (code == StunErrorCode.Unauthenticated && (!request.IsSealed || _login.IsOtherRealm(message))))
        {
            bool loops = request.StaleNonces >= MaxStaleNonces;
            if ((loops ? GatheringFailure.NonceLoop : _login.TakeChallenge(message)) is { } cannot) OnRefused(request, cannot, code, "", now);
            else Begin(request.Purpose, now, request.StaleNonces + 1, request.Permission, request.Peer);
            return;
        }

        if (code == StunErrorCode.TryAlternate && request.Purpose is TurnPurpose.Allocate && State is TurnClientState.Allocating)
        {
            bool says = message.TryFind(StunAttributeType.AlternateServer, out var alternate) & alternate.TryReadAddress(out var there);
            if (says) End(new TurnClientEvent.Redirected(there.Over(Server.Protocol)));
            else OnRefused(request, GatheringFailure.BadAnswer, code, Printable(text), now);
            return;
        }

        OnRefused(request, FailureOf(code), code, Printable(text), now);
    }

    private void OnRefused(TurnTransaction request, GatheringFailure cause, int code, string reason, Instant now)
    {
        switch (request.Purpose)
        {
            case TurnPurpose.Allocate: OnAllocateRefused(request, cause, code, reason, now); break;
            case TurnPurpose.Clear: AllocateAgain(now); break;
            case TurnPurpose.Refresh: OnRefreshRefused(cause, code, now); break;
            case TurnPurpose.Release: End(new TurnClientEvent.Closed()); break;
            case TurnPurpose.Permit: OnPermitRefused(request, cause, code, now); break;
            case TurnPurpose.Bind: OnBindRefused(request, cause, code, now); break;
        }
    }

    private void OnTimeout(TurnTransaction request, Instant now) => OnRefused(request, GatheringFailure.Timeout, 0, "", now);

    private static GatheringFailure FailureOf(int code) => code switch
    {
        0 => GatheringFailure.BadAnswer,
        StunErrorCode.BadRequest => GatheringFailure.BadRequest,
        StunErrorCode.Unauthenticated => GatheringFailure.Unauthorized,
        StunErrorCode.Forbidden => GatheringFailure.Forbidden,
        StunErrorCode.UnknownAttribute => GatheringFailure.UnknownAttribute,
        StunErrorCode.AllocationMismatch => GatheringFailure.AllocationMismatch,
        StunErrorCode.AddressFamilyNotSupported or StunErrorCode.PeerAddressFamilyMismatch => GatheringFailure.FamilyNotSupported,
        StunErrorCode.WrongCredentials => GatheringFailure.WrongCredentials,
        StunErrorCode.UnsupportedTransportProtocol => GatheringFailure.TransportNotSupported,
        StunErrorCode.AllocationQuotaReached => GatheringFailure.QuotaReached,
        StunErrorCode.InsufficientCapacity => GatheringFailure.InsufficientCapacity,
        _ => GatheringFailure.ServerError,
    };

    /// <summary>A stranger's words, fit for a log line.</summary>
    private static string Printable(ReadOnlySpan<byte> text)
    {
        char[] chars = Encoding.UTF8.GetChars(text[..Math.Min(text.Length, MaxReason)].ToArray());
        for (int i = 0; i < chars.Length; i++)
            if (char.IsControl(chars[i])) chars[i] = ' ';
        return new string(chars);
    }
}
