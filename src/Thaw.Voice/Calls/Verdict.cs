using Thaw.Protocol.Peer;

namespace Thaw.Voice.Calls;

/// <summary>Why there is no connection, in words for the person at the other end.</summary>
internal static class Verdict
{
    public static string On(CallLink link, int attempts)
    {
        string count = attempts == 1 ? "1 attempt" : $"{attempts} attempts";
        string detail = link.Failure is { Reason: not PeerFailure.Crashed, Detail: { Length: > 0 } said } ? $" ({said})" : "";
        return $"No connection after {count}. {StageOf(link)}{detail}.";
    }

    private static string StageOf(CallLink link) => link switch
    {
        { Failure.Reason: PeerFailure.PathNotRecovered } => "ICE: the path was lost",
        { Failure.Reason: PeerFailure.DtlsFailed or PeerFailure.DtlsTimedOut } or { Stage: LinkStage.PathFound }
            => "DTLS: packets flow, but the encryption handshake did not complete",
        { Failure.Reason: PeerFailure.DataChannelTimedOut or PeerFailure.SctpFailed } or { Stage: LinkStage.Encrypted }
            => "data channel: the connection is encrypted, but the data channel did not open",
        { Failure.Evidence.Path: PathFinding.NothingReturned }
            => "ICE: this browser's packets reach the server, but nothing comes back; a firewall in one direction is the usual reason",
        { Failure.Evidence.Path: PathFinding.WrongCredentials or PathFinding.Refused }
            => "ICE: browser and server do not agree on the password; something in between changed the answer or delivered an old one",
        _ => "ICE: no UDP path between this browser and the server was found; a firewall, a VPN or a missing TURN server is the usual reason",
    };
}
