namespace Thaw.Diagnosis.Rules;

/// <summary>Every rule, in the order in which a call goes: where two are equally sure, the earlier one is named.</summary>
internal static class AllRules
{
    public static readonly IReadOnlyList<Rule> InOrder =
    [
        InsecureContext.Rule, MicPermissionDenied.Rule, MicPromptUnanswered.Rule, MicNotFound.Rule, MicBusy.Rule,
        IceUrlMalformed.Rule, SignallingUnreachable.Rule, CorsBlocked.Rule, Offer4xx.Rule, Offer5xx.Rule,
        RelayPolicyWithoutRelay.Rule, NoUsableInterface.Rule, NonProxiedUdpDisabled.Rule, WaitForGatheringComplete.Rule,
        OfferWithoutCandidates.Rule, EndOfCandidatesCrash.Rule, TrickleEndpointBroken.Rule, CandidateBeforeDescription.Rule, AnswerWithoutCandidates.Rule, SlowAnswer.Rule,
        TurnExpiredCredentials.Rule, TurnBadCredentials.Rule, TurnNonceLoop.Rule, TurnQuotaReached.Rule, TurnNoCapacity.Rule, TurnPeerForbidden.Rule, TurnExternalIpMissing.Rule,
        .. Established.Rules, TurnTcpUnreachable.Rule, TurnsCertificateInvalid.Rule, TurnUdpOnlyUrl.Rule, TurnRelayPortsBlocked.Rule,
        StunDnsFailure.Rule, StunUnreachable.Rule, ExtraIceServersIgnored.Rule, ClientUdpBlocked.Rule,
        PlatformWithoutUdp.Rule, ContainerNetwork.Rule, VmOrWslNat.Rule, ServerAnnouncesUnreachableAddress.Rule, TunnelOnly.Rule,
        UfragOrPwdMismatch.Rule, RoleOrLiteConflict.Rule, MdnsUnresolvable.Rule, FamilyMismatch.Rule, NoIceServersConfigured.Rule,
        HairpinNatMissing.Rule, SymmetricNatNoRelay.Rule, VpnOrOverlayPath.Rule, LocalNetworkPermission.Rule, ServerInboundUdpClosed.Rule, OneWayPath.Rule, CandidateStorm.Rule,
        RoleClash.Rule, FingerprintMismatch.Rule, PostquantumHello.Rule, DroppedByMiddlebox.Rule,
        PathLost.Rule, SctpMtuStall.Rule, DatachannelGatesConnected.Rule, ConnectedNoAudio.Rule,
        ServerEventLoopStalled.Rule, ClientGivesUpTooEarly.Rule, ClientNeverGivesUp.Rule,
    ];

    public static Finding? Examine(Rule rule, Attempt attempt) => rule.Scope switch
    {
        Scope.Connecting when attempt.WasConnected => null, // a call that got through never failed to
        Scope.Path when attempt.WasConnected || !attempt.IsDue => null,
        Scope.Connected when !attempt.WasConnected => null,
        _ => rule.Examine(attempt),
    };
}
