using System.Buffers.Binary;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Sctp;
using Thaw.Protocol.Sdp;

namespace Thaw.Protocol.Peer;

public sealed partial class PeerConnection
{
    private const int MaxMessageSize = 262_144; // RFC 8841 §6: ours; Chromium offers the same
    private const int MaxCandidates = 100;      // of one description: as many as a checklist holds

    private static readonly TransportAddress AnyIPv4 = TransportAddress.FromIPv4([0, 0, 0, 0], 0);
    private static readonly TransportAddress AnyIPv6 = TransportAddress.FromIPv6(stackalloc byte[16], 0);

    private SessionOrigin _origin;
    private IceCredentials? _remoteCredentials;
    private CertificateFingerprint? _remoteFingerprint;
    private DtlsRole _dtlsRole;

    /// <summary>Takes an offer: the first, a renegotiation or an ICE restart. Never waits for the network.</summary>
    public OfferOutcome Accept(string offer, Instant now)
    {
        if (_lifecycle != Lifecycle.Open) return new OfferOutcome.Refused(OfferRefusal.Closed, "The connection is closed.");
        if (_localCandidates.Count == 0) return new OfferOutcome.Refused(OfferRefusal.NoLocalCandidate, "This server has no address that a client could reach.");
        if (!SessionDescription.TryParse(offer, out var description, out var error)) return new OfferOutcome.Refused(OfferRefusal.MalformedSdp, error.ToString());

        var plan = AnswerPlan.For(description, _config.AudioCodecs);
        if (plan.Transport is null)
            return new OfferOutcome.Refused(OfferRefusal.NothingToAnswer, $"The offer has neither audio in {string.Join(", ", _config.AudioCodecs)} nor a data channel.");
        if (Refuse(plan.Transport, out var credentials, out var fingerprint) is { } refusal) return refusal;

        var role = _dtls is null ? _config.DtlsRole : _dtlsRole; // RFC 8842 §5.3: a later answer repeats the role
        var setup = plan.SetupFor(role is DtlsRole.Client ? SetupRole.Active : SetupRole.Passive);
        if (_dtls is not null && RoleOf(setup) != _dtlsRole)
            return new OfferOutcome.Refused(OfferRefusal.DtlsRoleChanged, "The DTLS roles are the other way round; that needs a new connection.");

        BeginGeneration(credentials, description.IsIceLite, now);
        Associate(description, plan, fingerprint, RoleOf(setup), now);

        return new OfferOutcome.Answered(SdpAnswer.Write(description, new AnswerParameters
        {
            Origin = NextOrigin(),
            Transport = LocalTransport(),
            Track = LocalTrack(),
            AudioCodecs = _config.AudioCodecs,
            Setup = setup,
            MaxMessageSize = MaxMessageSize,
        }));
    }

    /// <summary>Makes the offer of a calling peer: one audio section and one data channel.</summary>
    /// <param name="restartIce">New credentials: the path is looked for anew while the old one, if it works, carries on.</param>
    public string CreateOffer(Instant now, bool restartIce = false)
    {
        if (restartIce && _remoteCredentials is not null)
        {
            _ice.Restart(IceCredentials.Create(_random, _ufragPrefix), now);
            _unresolved.Clear();
            _remoteCredentials = null;
        }

        if (_ice.Usable is null && _remoteCredentials is null && (restartIce || !_timers.IsSet(Timer.Answer))) AwaitAnswer(now);
        return SdpOffer.Write(new OfferParameters
        {
            Origin = NextOrigin(),
            Transport = LocalTransport(),
            Track = LocalTrack(),
            AudioCodecs = _config.AudioCodecs,
            MaxMessageSize = MaxMessageSize,
        });
    }

    /// <summary>Takes the answer to <see cref="CreateOffer"/>. False and unchanged if it cannot be used.</summary>
    public bool TryAcceptAnswer(string answer, Instant now, out string error)
    {
        error = "The connection is closed.";
        if (_lifecycle != Lifecycle.Open) return false;
        if (!SessionDescription.TryParse(answer, out var description, out var fault)) { error = fault.ToString(); return false; }

        var plan = AnswerPlan.For(description, _config.AudioCodecs);
        if (plan.Transport is null) { error = "The answer accepts nothing."; return false; }
        if (Refuse(plan.Transport, out var credentials, out var fingerprint) is { } refusal) { error = refusal.Detail; return false; }
        if (_remoteCredentials is not null && credentials != _remoteCredentials) { error = "The answer has new ICE credentials without a restart."; return false; }

        BeginGeneration(credentials, description.IsIceLite, now);
        Associate(description, plan, fingerprint, plan.Transport.Setup is SetupRole.Active ? DtlsRole.Server : DtlsRole.Client, now);
        error = "";
        return true;
    }

    /// <summary>Takes one trickled <c>candidate:…</c> line; empty is end-of-candidates (RFC 8838 §13).</summary>
    /// <returns>False if the line is malformed. Kinds that we do not use (TCP, names of the internet) are observed and true.</returns>
    public bool AddRemoteCandidate(string line, Instant now)
    {
        if (_lifecycle != Lifecycle.Open) return true;
        if (string.IsNullOrWhiteSpace(line)) { _ice.EndOfRemoteCandidates(now); return true; }
        if (!SdpCandidate.TryParse(line, out var candidate)) return false;
        AddRemoteCandidate(candidate, now);
        return true;
    }

    // What every description must bring: ICE credentials, a fingerprint that we can check, and no second certificate.
    private OfferOutcome.Refused? Refuse(MediaDescription transport, out IceCredentials credentials, out CertificateFingerprint fingerprint)
    {
        (credentials, fingerprint) = (null!, null!);
        if (transport is not { IceUfrag: { } ufrag, IcePassword: { } password })
            return new OfferOutcome.Refused(OfferRefusal.MissingIceCredentials, "The description has no ice-ufrag and ice-pwd.");
        if (!CertificateFingerprint.TryParse(transport.Fingerprint, out var parsed))
            return new OfferOutcome.Refused(OfferRefusal.MissingFingerprint, "The description has no sha-256, sha-384 or sha-512 fingerprint.");
        if (_remoteFingerprint is not null && !parsed.Equals(_remoteFingerprint))
            return new OfferOutcome.Refused(OfferRefusal.FingerprintChanged, "The certificate changed; that needs a new connection.");
        (credentials, fingerprint) = (new IceCredentials(ufrag, password), parsed);
        return null;
    }

    // The generation already has the peer's credentials: new ones are a restart by the peer. One of ours has cleared them.
    private void BeginGeneration(IceCredentials remote, bool isLite, Instant now)
    {
        if (remote == _remoteCredentials) return;
        if (_remoteCredentials is not null)
        {
            _ice.Restart(IceCredentials.Create(_random, _ufragPrefix), now);
            _unresolved.Clear();
        }

        _remoteCredentials = remote;
        _ice.SetRemote(remote, isLite, now);
        if (_ice.Usable is null) BeginAttempt(now);
        if (_timers.IsSet(Timer.Recovery)) _timers.Set(Timer.Recovery, now + Budget.Recovery);
    }

    /// <summary>Takes over what was negotiated. A later description may change everything but the DTLS association.</summary>
    private void Associate(SessionDescription description, AnswerPlan plan, CertificateFingerprint fingerprint, DtlsRole role, Instant now)
    {
        foreach (var candidate in plan.Transport!.Candidates.Take(MaxCandidates)) AddRemoteCandidate(candidate, now);
        if (plan.Transport.HasEndOfCandidates) _ice.EndOfRemoteCandidates(now);

        var format = plan.Audio is { } audio ? new AudioFormat(audio.PayloadType, audio.Codec, audio.ClockRate, audio.Channels) : null;
        var direction = plan.Audio is { } live ? description.Media[live.Section].Direction : MediaDirection.Inactive;
        _audio.Use(format,
            maySend: direction is MediaDirection.SendReceive or MediaDirection.ReceiveOnly,
            mayReceive: direction is MediaDirection.SendReceive or MediaDirection.SendOnly);
        AwaitMedia(now);

        if (_dtls is null)
        {
            (_remoteFingerprint, _dtlsRole) = (fingerprint, role);
            _dtls = _config.Dtls.Create(new DtlsParameters(role, fingerprint, _random) { HandshakeTimeout = Budget.Dtls });
        }

        UseChannels(plan.Application, now);
    }

    /// <summary>SCTP comes with the section that offers it, be that the second description's, and goes with it.</summary>
    private void UseChannels(MediaDescription? application, Instant now)
    {
        if (application is null)
        {
            _channels = null; // without a word: the peer has given up its end
            if (_isEncrypted) AttemptSucceeded();
        }
        else if (_channels is null)
        {
            _channels = new DataChannels(_dtlsRole is DtlsRole.Client, SctpOptionsFor(application), _random, now);
            if (_isEncrypted) ConnectChannels(now);
        }
    }

    private static DtlsRole RoleOf(SetupRole setup) => setup is SetupRole.Active ? DtlsRole.Client : DtlsRole.Server;

    private static SctpOptions SctpOptionsFor(MediaDescription application) => new()
    {
        RemotePort = application.SctpPort ?? 5000,
        MaxMessageSize = MaxMessageSize,
        RemoteMaxMessageSize = application.MaxMessageSize is 0 or > MaxMessageSize ? MaxMessageSize : (int)application.MaxMessageSize,
    };

    private void AddRemoteCandidate(SdpCandidate signalled, Instant now)
    {
        if (signalled is not { Transport: SdpCandidateTransport.Udp, Component: 1, Address: { } address } || signalled.Port == 0)
        {
            if (TryAskFor(signalled)) return;
            var why = signalled.Transport != SdpCandidateTransport.Udp ? CandidateUnused.NotUdp
                : signalled.HostName is not null ? CandidateUnused.HostName : CandidateUnused.OtherComponent;
            _outputs.Enqueue(new Observation.RemoteCandidateUnused(why));
            return;
        }

        var type = signalled.Type switch
        {
            SdpCandidateType.ServerReflexive => CandidateType.ServerReflexive,
            SdpCandidateType.PeerReflexive => CandidateType.PeerReflexive,
            SdpCandidateType.Relayed => CandidateType.Relayed,
            _ => CandidateType.Host,
        };
        var at = address.WithPort(signalled.Port);
        _ice.AddRemoteCandidate(new Candidate(type, at, at, signalled.Priority, signalled.Foundation), now);
        if (Nat64 is not { } prefix || !at.IsIPv4 || at.IsLoopback || at.IsLinkLocal) return;

        var behind = prefix.Synthesize(at);
        _ice.AddRemoteCandidate(new Candidate(type, behind, behind, signalled.Priority, signalled.Foundation), now);
    }

    private SessionOrigin NextOrigin()
    {
        if (_origin.Version != 0) return _origin = _origin with { Version = _origin.Version + 1 };
        Span<byte> id = stackalloc byte[8];
        _random.GetBytes(id);
        return _origin = new SessionOrigin(BinaryPrimitives.ReadUInt64BigEndian(id) >> 2, 1); // RFC 8829 §5.2.1: below 2^62
    }

    private LocalTransport LocalTransport() => new(
        _ice.Local.Ufrag, _ice.Local.Password, _config.Dtls.LocalFingerprint.ToString(),
        [.. _localCandidates.Select(Describe)]);

    private static SdpCandidate Describe(Candidate candidate) => new()
    {
        Foundation = candidate.Foundation,
        Transport = candidate.Base.Protocol is TransportProtocol.Tcp ? SdpCandidateTransport.Tcp : SdpCandidateTransport.Udp,
        TcpType = candidate.Base.Protocol is TransportProtocol.Tcp ? "passive" : null, // RFC 6544 §4.5: we never dial
        Priority = candidate.Priority,
        Address = candidate.Address,
        Port = candidate.Address.Port,
        Type = candidate.Type switch
        {
            CandidateType.ServerReflexive => SdpCandidateType.ServerReflexive,
            CandidateType.PeerReflexive => SdpCandidateType.PeerReflexive,
            CandidateType.Relayed => SdpCandidateType.Relayed,
            _ => SdpCandidateType.Host,
        },

        // RFC 8839 §5.1 requires raddr and rport here; like the browsers we tell nobody what is inside.
        Related = candidate.Type is CandidateType.Host ? null : candidate.Address.IsIPv4 ? AnyIPv4 : AnyIPv6,
    };

    private LocalTrack LocalTrack() => new(_audio.Ssrc, _audio.Cname, "thaw", "thaw-audio");
}
