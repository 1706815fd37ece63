using Thaw.Net.Gathering;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Probes;

/// <param name="Text">The URL as it was written.</param>
/// <param name="Credential">For TURN.</param>
public sealed record ProbeTarget(string Text, IceServerUrl Url, TurnCredential? Credential)
{
    /// <summary>What can be tried of a server: no URL that is none, and no relay without a password.</summary>
    public static IEnumerable<ProbeTarget> Of(IceServer server)
        => from text in server.Urls
           let url = IceServerUrl.TryParse(text, out var parsed, out _) ? parsed : null
           where url is not null
           where url.Kind is GatheringKind.Stun || server is { Username.Length: > 0, Credential.Length: > 0 }
           select new ProbeTarget(text, url, url.Kind is GatheringKind.Turn ? new TurnCredential(server.Username!, server.Credential!) : null);
}
