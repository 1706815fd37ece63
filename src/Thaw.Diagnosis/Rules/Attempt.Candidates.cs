using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

// What was gathered, and what the other side named.
internal sealed partial class Attempt
{
    public Fact.Configured? Servers => field ??= Last<Fact.Configured>(c => c.Side is Side.Browser);

    public IReadOnlyList<Fact.Candidate> Local => field ??= [.. Of<Fact.Candidate>().Where(c => c.Origin is Origin.Local && c.Side is Side.Browser)];

    public IReadOnlyList<Fact.Candidate> Remote => field ??= [.. Told<Fact.Candidate>().Where(c => c.Origin is Origin.Remote)];

    public Fact.Gathering? GatheringBegan => field ??= First<Fact.Gathering>(g => g.Side is Side.Browser && g.State is GatheringState.Gathering);

    public Fact.Gathering? GatheringComplete => field ??= First<Fact.Gathering>(g => g.Side is Side.Browser && g.State is GatheringState.Complete);

    /// <summary>Null where nobody watched the gathering.</summary>
    public int? LocalCount => GatheringBegan is null && GatheringComplete is null && Local is [] ? null : Local.Count;

    /// <summary>Named in the description or later; null where nobody saw a description.</summary>
    public int? RemoteCount => RemoteDescription is null && Remote is [] ? null : Math.Max(RemoteDescription?.Candidates ?? 0, Remote.Count);

    public Fact.Candidate? Srflx => field ??= Local.FirstOrDefault(c => c.Type is CandidateKind.Srflx);

    public Fact.Candidate? Relay => field ??= Local.FirstOrDefault(c => c.Type is CandidateKind.Relay);

    public bool IsRelayOnly => Servers is { Policy: IcePolicy.Relay };

    public IEnumerable<string> Urls => Servers?.Servers.SelectMany(server => server.Urls) ?? [];

    public IEnumerable<string> TurnUrls => Urls.Where(IsTurn);

    /// <summary>Errors that no later candidate of the same server has made up for.</summary>
    public IReadOnlyList<Fact.CandidateError> Errors => field ??= [.. Of<Fact.CandidateError>().Where(e => e.Side is Side.Browser && !Local.Any(c => c.Url == e.Url))];

    public Fact.CandidateError? Error(int code) => Errors.FirstOrDefault(error => error.Code == code);

    /// <summary>A server cannot be reached: 701, or longer without a word than any that lives.</summary>
    public Fact.CandidateError? Unreachable(Func<string, bool> url, params ReadOnlySpan<string> words)
    {
        foreach (var error in Errors)
            if (error.Code == 701 && url(error.Url) && (words.Length == 0 || Has(error.Text, words))) return error;
        return null;
    }

    public static bool IsTurn(string url) => url.StartsWith("turn", StringComparison.OrdinalIgnoreCase);

    public static bool IsStun(string url) => url.StartsWith("stun", StringComparison.OrdinalIgnoreCase);

    public static bool IsTls(string url) => url.StartsWith("turns:", StringComparison.OrdinalIgnoreCase);

    /// <summary>A stream: TCP or TLS.</summary>
    public static bool IsStream(string url) => IsTls(url) || url.Contains("transport=tcp", StringComparison.OrdinalIgnoreCase);

    public static bool IsUdp(string url) => !IsStream(url);

    public static bool IsInside(AddressClass c) => c is AddressClass.Private or AddressClass.Container or AddressClass.Vm or AddressClass.Link or AddressClass.Loopback or AddressClass.Unspecified;

    private static bool Has(string? text, ReadOnlySpan<string> words)
    {
        foreach (string word in words)
            if (text?.Contains(word, StringComparison.OrdinalIgnoreCase) is true) return true;
        return false;
    }
}
