using System.Buffers.Binary;
using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

public sealed partial class TurnServer
{
    private const int MaxUnknown = 8;

    // All that a TURN request may carry below 0x8000; else it is answered with 420 (RFC 8489 §6.3.1).
    private static readonly StunAttributeType[] Understood =
    [
        StunAttributeType.Username, StunAttributeType.Userhash, StunAttributeType.MessageIntegrity, StunAttributeType.MessageIntegritySha256,
        StunAttributeType.Realm, StunAttributeType.Nonce, StunAttributeType.PasswordAlgorithm, StunAttributeType.ChannelNumber,
        StunAttributeType.Lifetime, StunAttributeType.XorPeerAddress, StunAttributeType.RequestedAddressFamily, StunAttributeType.EvenPort,
        StunAttributeType.RequestedTransport, StunAttributeType.DontFragment, StunAttributeType.ReservationToken,
        StunAttributeType.AccessToken,
    ];

    // With it (RFC 6062 §6.2).
    private static readonly StunAttributeType[] UnderstoodOfConnections = [.. Understood, StunAttributeType.ConnectionId];

    // A Binding request needs no credential, but one that has it is no error.
    private static readonly StunAttributeType[] UnderstoodInBinding =
    [
        StunAttributeType.Username, StunAttributeType.Userhash, StunAttributeType.MessageIntegrity, StunAttributeType.MessageIntegritySha256,
        StunAttributeType.Realm, StunAttributeType.Nonce, StunAttributeType.PasswordAlgorithm, StunAttributeType.Priority,
        StunAttributeType.UseCandidate, StunAttributeType.AccessToken,
    ];

    private static readonly StunAttributeType[] UnderstoodInBehaviour =
        [.. UnderstoodInBinding, StunAttributeType.ChangeRequest, StunAttributeType.Padding, StunAttributeType.ResponsePort];

    /// <summary>What an answer must know of its request.</summary>
    private readonly record struct Asked(
        FiveTuple FiveTuple, StunMethod Method, TransactionId Transaction, bool WantsFingerprint, bool WantsSha256);

    private void HandleRequest(in StunReader request, FiveTuple fiveTuple, Instant now)
    {
        Counters.Requests++;
        var asked = new Asked(fiveTuple, request.Method, request.Transaction,
            request.Has(StunAttributeType.Fingerprint), request.Has(StunAttributeType.MessageIntegritySha256));
        if (asked.Method is StunMethod.Binding)
        {
            AnswerBinding(request, asked, now);
            return;
        }

        if (_options.RelaysTcp && asked.Method is (StunMethod.Connect or StunMethod.ConnectionBind))
        {
            HandleConnection(request, asked, now);
            return;
        }

        if (asked.Method is not (StunMethod.Allocate or StunMethod.Refresh or StunMethod.CreatePermission or StunMethod.ChannelBind))
        {
            RefuseUnproven(asked, StunErrorCode.BadRequest, new TurnRefusal.UnknownMethod(), now);
            return;
        }

        var allocation = _allocations.GetValueOrDefault(fiveTuple) ?? FindMobile(request, asked);
        if (!TryAuthenticate(request, asked, allocation, now, out var identity)) return;
        allocation?.Adopt(identity);
        if (request.FindUnknown(Understood, stackalloc ushort[1]) > 0)
        {
            RefuseUnknown(request, Understood, asked, identity);
            return;
        }

        if (asked.Method is StunMethod.Allocate) Allocate(request, asked, identity, allocation, now);
        else if (allocation is null) Refuse(asked, identity, StunErrorCode.AllocationMismatch, new TurnRefusal.NoAllocation());
        else if (asked.Method is StunMethod.Refresh) Refresh(request, asked, allocation, now);
        else if (asked.Method is StunMethod.CreatePermission) CreatePermission(request, asked, allocation, now);
        else if (allocation.Protocol is TransportProtocol.Tcp) Refuse(asked, identity, StunErrorCode.BadRequest, new TurnRefusal.NotOverThisTransport());
        else BindChannel(request, asked, allocation, now);
    }

    private void AnswerBinding(in StunReader request, in Asked asked, Instant now)
    {
        if (!MayAnswer(asked, now)) return;
        if (BehaviourAt(asked.FiveTuple.Server) is { } addresses)
        {
            AnswerBehaviour(request, asked, addresses);
            return;
        }

        if (request.FindUnknown(UnderstoodInBinding, stackalloc ushort[1]) > 0)
        {
            RefuseUnknown(request, UnderstoodInBinding, asked, identity: null);
            return;
        }

        var writer = Begin(asked, StunClass.SuccessResponse);
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, asked.FiveTuple.Client);
        Finish(ref writer, asked, identity: null);
    }

    private StunWriter Begin(in Asked asked, StunClass @class) => new(_pending, asked.Method, @class, asked.Transaction);

    private void Finish(scoped ref StunWriter writer, in Asked asked, TurnIdentity? identity)
    {
        if (identity is not null && asked.WantsSha256) writer.AddIntegritySha256(identity.Key);
        else if (identity is not null) writer.AddIntegrity(identity.Key);
        if (asked.WantsFingerprint) writer.AddFingerprint();
        (_pendingSource, _pendingDestination, _pendingLength) = (asked.FiveTuple.Server, asked.FiveTuple.Client, writer.Finish().Length);
        _pendingDontFragment = false;
        _isPending = true;
    }

    private bool MayAnswer(in Asked asked, Instant now)
    {
        if (_budget.TryTake(asked.FiveTuple.Client, now, out bool isFirst)) return true;
        Counters.AnswersSuppressed++;
        if (isFirst) Note(new Observation.AnswersSuppressed(asked.FiveTuple.Client));
        return false;
    }

    /// <summary>401 and 438: the answer says what a good request would contain, and no word more (RFC 8489 §9.2.4).</summary>
    private bool Challenge(in Asked asked, int code, TurnRefusal refusal, Instant now)
    {
        if (!MayAnswer(asked, now)) return false;

        var writer = Begin(asked, StunClass.ErrorResponse);
        writer.AddError(code, refusal is TurnRefusal.CredentialExpired or TurnRefusal.TokenNotAccepted { Fault: TokenFault.Expired } ? "Credential expired"u8 : default);
        writer.Add(StunAttributeType.Realm, _accounts.Realm);
        Span<byte> nonce = stackalloc byte[ServerNonce.Length];
        _nonces.Write(nonce, asked.FiveTuple.Client, UnixTime(now));
        writer.Add(StunAttributeType.Nonce, nonce);
        if (_accounts.OffersSha256) writer.Add(StunAttributeType.PasswordAlgorithms, TurnAccounts.PasswordAlgorithms);
        if (_accounts.Tokens is { } tokens) writer.Add(StunAttributeType.ThirdPartyAuthorization, tokens.ServerName); // RFC 7635 §6.1
        Finish(ref writer, asked, identity: null);
        NoteRefusal(asked, code, refusal);
        return false;
    }

    private bool RefuseUnproven(in Asked asked, int code, TurnRefusal refusal, Instant now)
        => MayAnswer(asked, now) && Refuse(asked, identity: null, code, refusal);

    /// <returns>False, for the caller to return.</returns>
    private bool Refuse(in Asked asked, TurnIdentity? identity, int code, TurnRefusal refusal)
    {
        var writer = Begin(asked, StunClass.ErrorResponse);
        writer.AddError(code, identity is null ? default : Reason(refusal));
        if (refusal is TurnRefusal.Draining { Alternate: { } alternate }) writer.AddAddress(StunAttributeType.AlternateServer, alternate);
        Finish(ref writer, asked, identity);
        NoteRefusal(asked, code, refusal);
        return false;
    }

    private void RefuseUnknown(in StunReader request, ReadOnlySpan<StunAttributeType> understood, in Asked asked, TurnIdentity? identity)
    {
        Span<ushort> unknown = stackalloc ushort[MaxUnknown];
        int count = request.FindUnknown(understood, unknown);
        var writer = Begin(asked, StunClass.ErrorResponse);
        writer.AddError(StunErrorCode.UnknownAttribute, default);
        writer.AddUnknown(unknown[..count]);
        Finish(ref writer, asked, identity);
        NoteRefusal(asked, StunErrorCode.UnknownAttribute, new TurnRefusal.UnknownAttributes(count));
    }

    private void NoteRefusal(in Asked asked, int code, TurnRefusal refusal)
    {
        Counters.Count(code, refusal);
        Note(new Observation.TurnRequestRefused(asked.FiveTuple, asked.Method, code, refusal));
    }

    // Browsers show these words: for whoever has a credential, what to look for.
    private static ReadOnlySpan<byte> Reason(TurnRefusal refusal) => refusal switch
    {
        TurnRefusal.PeerDenied => "Peer address not allowed"u8,
        TurnRefusal.NoAllocation => "No allocation"u8,
        TurnRefusal.AllocationExists => "Allocation exists"u8,
        TurnRefusal.OthersAllocation => "Allocation of another user"u8,
        TurnRefusal.PeerFamilyMismatch => "Peer of the other address family"u8,
        TurnRefusal.FamilyNotServed => "Address family not served"u8,
        TurnRefusal.TransportNotServed => "Transport not relayed"u8,
        TurnRefusal.NotOverThisTransport => "Not with this transport"u8,
        TurnRefusal.ConnectionExists => "Connection exists"u8,
        TurnRefusal.TooManyConnections => "Too many connections"u8,
        TurnRefusal.NoSuchConnection => "No such connection"u8,
        TurnRefusal.MobilityOff => "No mobility here"u8,
        TurnRefusal.UserQuota => "Quota reached"u8,
        TurnRefusal.TotalQuota or TurnRefusal.PortsExhausted => "Server is full"u8,
        TurnRefusal.NoSuchReservation => "No such reservation"u8,
        TurnRefusal.TooManyPeers => "Too many peers"u8,
        TurnRefusal.ChannelInUse => "Channel or peer bound otherwise"u8,
        TurnRefusal.Draining => "Server is going down"u8,
        _ => default,
    };

    private static void WriteAddressError(scoped ref StunWriter writer, bool isIPv6, int code) // RFC 8656 §18.12
    {
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(value, 0);
        value[0] = Family(isIPv6);
        value[2] = (byte)(code / 100);
        value[3] = (byte)(code % 100);
        writer.Add(StunAttributeType.AddressErrorCode, value);
    }
}
