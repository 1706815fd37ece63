namespace Thaw.Protocol.Sdp;

/// <summary>What becomes of each section of an offer, given that we speak over one transport.</summary>
public sealed class AnswerPlan
{
    internal enum Fate { Rejected, Inactive, Audio, Application }

    private readonly Fate[] _fates;

    private AnswerPlan(SessionDescription offer, AudioSelection? audio, MediaDescription? application, MediaDescription? first)
    {
        Audio = audio;
        Group = first is null ? null : offer.GroupOf(first);
        Transport = first is null ? null : offer.TransportOf(first);

        // One transport: whatever is neither the first section nor bundled with it would need a second.
        bool IsCarried(MediaDescription section) => section == first || (Group is not null && section.Mid is { } mid && Group.Contains(mid));
        Application = application is not null && IsCarried(application) ? application : null;
        _fates = [.. offer.Media.Select(section => IsCarried(section) ? FateOf(section) : Fate.Rejected)];
    }

    /// <summary>Null if the offer has no audio that we speak.</summary>
    public AudioSelection? Audio { get; }

    /// <summary>The section whose data channels we take, or null.</summary>
    public MediaDescription? Application { get; }

    /// <summary>
    /// Where the offerer's ICE and DTLS parameters and the candidates that matter are. Null: nothing in this offer can be answered.
    /// </summary>
    public MediaDescription? Transport { get; }

    /// <summary>The offer's group that is answered, in the offer's order.</summary>
    internal IReadOnlyList<string>? Group { get; }

    internal Fate this[MediaDescription section] => _fates[section.Index];

    public static AnswerPlan For(SessionDescription offer, IReadOnlyList<string> audioCodecs)
    {
        var audio = AudioSelection.Choose(offer, audioCodecs);
        var application = offer.Media.FirstOrDefault(section => section is { IsRejected: false, IsDataChannel: true });
        return new AnswerPlan(offer, audio, application, audio is null ? application : offer.Media[audio.Section]);
    }

    /// <summary>
    /// Who we are in DTLS, <paramref name="preferred"/> where the offer leaves it open (RFC 5763 §5). An offer without a
    /// setup is answered passive: its author is active by default (RFC 4145 §4.1) or takes what we say.
    /// </summary>
    public SetupRole SetupFor(SetupRole preferred) => Transport?.Setup switch
    {
        SetupRole.ActPass => preferred,
        SetupRole.Passive => SetupRole.Active,
        _ => SetupRole.Passive,
    };

    private Fate FateOf(MediaDescription section) => section switch
    {
        { IsRejected: true } => Fate.Rejected,
        _ when section.Index == Audio?.Section => Fate.Audio,
        _ when section == Application => Fate.Application,
        // Inactive, not rejected: on port 0 Chromium drops the transceiver, and with it a later camera or screen.
        { IsRtp: true, HasRtcpMux: true } => Fate.Inactive,
        _ => Fate.Rejected,
    };
}
