using Thaw.Protocol.Stun;

namespace Thaw.Protocol.Turn;

/// <summary>What a request of a <see cref="TurnClient"/> is for.</summary>
internal enum TurnPurpose
{
    Allocate,
    Clear,   // a Refresh with lifetime 0 against what an earlier life of ours left behind
    Refresh,
    Release, // a Refresh with lifetime 0 at the end
    Permit,
    Bind,
}

/// <summary>A request and its answer. A challenge begins a new one with the same purpose.</summary>
internal sealed class TurnTransaction(
    TurnPurpose purpose, TransactionId id, Instant beganAt, Instant giveUpAt, int staleNonces, TurnPermission? permission, TurnPeer? peer)
{
    public TurnPurpose Purpose { get; } = purpose;
    public TransactionId Id { get; } = id;
    public Instant BeganAt { get; } = beganAt;
    public Instant GiveUpAt { get; } = giveUpAt;

    /// <summary>438s in a row.</summary>
    public int StaleNonces { get; } = staleNonces;

    public TurnPermission? Permission { get; } = permission;
    public TurnPeer? Peer { get; } = peer;

    public Instant DueAt { get; set; } = beganAt;
    public int Transmissions { get; set; }

    /// <summary>It was sent with our credential, so its answer must be sealed.</summary>
    public bool IsSealed { get; set; }

    public StunMethod Method => Purpose switch
    {
        TurnPurpose.Allocate => StunMethod.Allocate,
        TurnPurpose.Permit => StunMethod.CreatePermission,
        TurnPurpose.Bind => StunMethod.ChannelBind,
        _ => StunMethod.Refresh,
    };
}
