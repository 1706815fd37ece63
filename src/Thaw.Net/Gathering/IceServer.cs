using System.Diagnostics.CodeAnalysis;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Net.Gathering;

/// <summary>STUN and TURN servers with one credential, in the form of WebRTC's RTCIceServer.</summary>
/// <param name="Credential">A secret: it is in no text that this type makes.</param>
public sealed record IceServer(IReadOnlyList<string> Urls, string? Username = null, string? Credential = null)
{
    public override string ToString() => $"{string.Join(", ", Urls)}{(Username is null ? "" : " with a credential")}";

    /// <summary>One entry for each URL, or why they cannot be used.</summary>
    internal bool TryConfigure([NotNullWhen(true)] out IReadOnlyList<ConfiguredServer>? servers, out string error)
    {
        var configured = new List<ConfiguredServer>();
        (servers, error) = (null, "");
        foreach (string text in Urls)
        {
            if (!IceServerUrl.TryParse(text, out var url, out error)) return false;
            if (url.Kind is GatheringKind.Turn && (string.IsNullOrEmpty(Username) || string.IsNullOrEmpty(Credential)))
            {
                error = $"\"{text}\": a TURN server wants a username and a credential, {(string.IsNullOrEmpty(Username) ? "the username" : "the credential")} is missing; "
                    + """write {"urls": "turn:…", "username": "…", "credential": "…"}""";
                return false;
            }

            configured.Add(new(text, url, url.Kind is GatheringKind.Turn ? new TurnCredential(Username!, Credential!) : null));
        }

        servers = configured;
        return true;
    }
}

/// <param name="Name">The URL as configured.</param>
internal sealed record ConfiguredServer(string Name, IceServerUrl Url, TurnCredential? Credential);
