using Thaw.Protocol.Peer;
using Thaw.Voice.Calls;

namespace Thaw.Voice;

/// <summary>Every line that the voice backend logs. None at Information or above names an address.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Call {Call} connected, {Codec}")]
    public static partial void CallConnected(this ILogger log, string call, string codec);

    [LoggerMessage(2, LogLevel.Information, "Call {Call} has a new peer connection")]
    public static partial void CallRestarted(this ILogger log, string call);

    [LoggerMessage(3, LogLevel.Information, "Call {Call} ended: {Reason}; {Malformed} malformed and {Dropped} dropped messages")]
    public static partial void CallEnded(this ILogger log, string call, HangUpReason reason, long malformed, long dropped);

    [LoggerMessage(4, LogLevel.Warning, "Call {Call}: connection failed, {Reason} at stage {Stage}: {Detail}")]
    public static partial void ConnectionFailed(this ILogger log, string call, PeerFailure reason, LinkStage stage, string detail);

    [LoggerMessage(5, LogLevel.Warning, "Call {Call}: restarts used up at stage {Stage}, refused for good")]
    public static partial void RestartsExhausted(this ILogger log, string call, LinkStage stage);

    [LoggerMessage(6, LogLevel.Warning, "Call {Call}: {Received} audio packets in the first {Seconds} s, {Sent} were sent")]
    public static partial void MicrophoneSilent(this ILogger log, string call, double seconds, long received, long sent);

    [LoggerMessage(7, LogLevel.Error, "Call {Call}: connection crashed, {Detail}")]
    public static partial void ConnectionCrashed(this ILogger log, string call, string detail);

    [LoggerMessage(10, LogLevel.Error, "Call {Call}: the agent failed")]
    public static partial void AgentFailed(this ILogger log, Exception e, string call);

    [LoggerMessage(11, LogLevel.Error, "Call {Call}: the agent failed on a message")]
    public static partial void AgentMessageFaulted(this ILogger log, Exception e, string call);

    [LoggerMessage(12, LogLevel.Warning, "Call {Call}: the agent ignores the hang-up and is left behind")]
    public static partial void AgentIgnoresHangUp(this ILogger log, string call);

    [LoggerMessage(13, LogLevel.Warning, "Call {Call}: the agent has not dealt with a message for {Seconds} s")]
    public static partial void AgentIsStuck(this ILogger log, string call, double seconds);

    [LoggerMessage(20, LogLevel.Error, "Call {Call}: an offer failed")]
    public static partial void OfferFaulted(this ILogger log, Exception e, string call);

    [LoggerMessage(21, LogLevel.Critical, "Call {Call} failed")]
    public static partial void CallFaulted(this ILogger log, Exception e, string call);

    [LoggerMessage(22, LogLevel.Critical, "Audio of a call failed")]
    public static partial void AudioFaulted(this ILogger log, Exception e);

    [LoggerMessage(23, LogLevel.Error, "A request failed")]
    public static partial void RequestFaulted(this ILogger log, Exception e);

    [LoggerMessage(31, LogLevel.Information, "ICE server {Server} has told a public address, in {Milliseconds} ms")]
    public static partial void MappedAddress(this ILogger log, string server, int milliseconds);

    [LoggerMessage(32, LogLevel.Information, "ICE server {Server} relays, in {Milliseconds} ms")]
    public static partial void Relays(this ILogger log, string server, int milliseconds);

    [LoggerMessage(33, LogLevel.Warning, "ICE server {Server} is of no use: {Why}; next try in {Seconds} s")]
    public static partial void IceServerFailed(this ILogger log, string server, string why, int seconds);

    [LoggerMessage(34, LogLevel.Warning, "ICE server {Server} is of no use: {Why}")]
    public static partial void IceServerUseless(this ILogger log, string server, string why);

    [LoggerMessage(35, LogLevel.Warning, "ICE server {Server} relays no more: {Why}")]
    public static partial void RelayLost(this ILogger log, string server, string why);

    [LoggerMessage(36, LogLevel.Information, "ICE source {Source} has granted {Count} servers to {Audience}, for {Hours:0.#} h")]
    public static partial void IceSourceGranted(this ILogger log, string source, int count, string audience, double hours);

    [LoggerMessage(37, LogLevel.Information, "ICE source {Source} has granted {Count} servers to {Audience}, for good")]
    public static partial void IceSourceGranted(this ILogger log, string source, int count, string audience);

    [LoggerMessage(38, LogLevel.Warning, "ICE source {Source} has nothing for {Audience}: {Why}; next try in {Seconds} s")]
    public static partial void IceSourceFailed(this ILogger log, string source, string audience, string why, int seconds);

    [LoggerMessage(39, LogLevel.Warning, "ICE source {Source} does not renew what it gave to {Audience}, which serves until it expires: {Why}; next try in {Seconds} s")]
    public static partial void IceSourceStale(this ILogger log, string source, string audience, string why, int seconds);

    [LoggerMessage(40, LogLevel.Warning, "ICE source {Source}: its clock is {Skew} this machine's; set this machine's clock by NTP, or its credentials expire too early")]
    public static partial void ClockSkew(this ILogger log, string source, string skew);

    [LoggerMessage(43, LogLevel.Error, "This server's own ICE servers are not renewed any more")]
    public static partial void BackendServersFaulted(this ILogger log, Exception e);

    [LoggerMessage(42, LogLevel.Warning, "ICE source {Source} has nothing: {Why}")]
    public static partial void IceSourceFaulted(this ILogger log, string source, string why);

    [LoggerMessage(41, LogLevel.Warning, "ICE source {Source} has granted servers that are odd: {Codes}")]
    public static partial void IceServersOdd(this ILogger log, string source, string codes);

    [LoggerMessage(30, LogLevel.Warning, "The TCP port for media is taken: clients whose network blocks UDP cannot connect")]
    public static partial void NoTcpPort(this ILogger log);

    [LoggerMessage(44, LogLevel.Warning, "The embedded relay's port {Wanted} is taken: it has UDP and TCP port {Port}, another one at every start")]
    public static partial void RelayMoved(this ILogger log, int wanted, int port);

    [LoggerMessage(45, LogLevel.Warning, "There is no embedded relay: it finds no port that it can open")]
    public static partial void NoRelay(this ILogger log);

    [LoggerMessage(50, LogLevel.Information, "ICE server {Server} works: used as a caller would, in {Milliseconds} ms")]
    public static partial void IceServerWorks(this ILogger log, string server, int milliseconds);

    [LoggerMessage(51, LogLevel.Warning, "ICE server {Server} works, but {Cause}, in {Milliseconds} ms; \"thaw ice\" says more")]
    public static partial void IceServerWorksBut(this ILogger log, string server, string cause, int milliseconds);

    [LoggerMessage(52, LogLevel.Warning, "ICE server {Server} does not work: {Cause}, after {Milliseconds} ms; \"thaw ice\" says more")]
    public static partial void IceServerFailsProbe(this ILogger log, string server, string cause, int milliseconds);

    [LoggerMessage(53, LogLevel.Error, "ICE servers could not be tried")]
    public static partial void ProbesFaulted(this ILogger log, Exception e);

    [LoggerMessage(24, LogLevel.Warning, "The rehearsal failed: the first call will take longer")]
    public static partial void RehearsalFailed(this ILogger log, Exception e);
}
