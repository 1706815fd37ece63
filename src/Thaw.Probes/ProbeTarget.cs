using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Probes;

/// <param name="Text">The URL as it was written.</param>
/// <param name="Credential">For TURN.</param>
public sealed record ProbeTarget(string Text, IceServerUrl Url, TurnCredential? Credential);
