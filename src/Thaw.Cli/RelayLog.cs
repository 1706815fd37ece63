using System.Globalization;
using Thaw.Protocol;
using Thaw.Protocol.Turn;

namespace Thaw.Cli;

/// <summary>
/// What a relay's owner wants to read: why somebody got no relay, and what would change it. No more than so many lines a
/// second, whoever knocks. Addresses only where asked for.
/// </summary>
internal sealed class RelayLog(TextWriter writer, bool isVerbose)
{
    private const int LinesPerSecond = 20;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _recent = [];
    private long _second;
    private int _left;

    public void Write(Observation fact)
    {
        if (Describe(fact) is not { } line) return;
        lock (_lock)
        {
            long second = Environment.TickCount64 / 1000;
            if (second != _second)
            {
                if (_left > 0) Print($"{_left} lines left out");
                (_second, _left) = (second, 0);
                _recent.Clear();
            }

            if (_recent.Count < LinesPerSecond && _recent.Add(line)) Print(line);
            else _left++; // the same again, or too much
        }
    }

    private void Print(string line) => writer.WriteLine($"{DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} {line}");

    private string? Describe(Observation fact) => fact switch
    {
        Observation.AllocationMade made when isVerbose => $"allocation of {made.User}: {made.FiveTuple.Client} is {made.Relayed}",
        Observation.AllocationEnded ended when isVerbose =>
            $"allocation of {ended.User} ended ({ended.Reason}): {ended.BytesToPeers} bytes to peers, {ended.BytesToClient} to the client",
        Observation.AllocationMoved moved when isVerbose => $"allocation of {moved.User} moved from {moved.From.Client} to {moved.To.Client}",
        Observation.CredentialReversed reversed => $"the credential of {reversed.User} works here, but other servers want expiry:user",
        Observation.AnswersSuppressed suppressed => $"a source asks faster than --unproven-rate and is answered slowly{At(suppressed.Source)}",
        Observation.TurnRequestRefused refused when Cause(refused.Refusal) is { } cause => $"{refused.Method} refused with {refused.Code}: {cause}{At(refused.FiveTuple.Client)}",
        _ => null,
    };

    private string? Cause(TurnRefusal refusal) => refusal switch
    {
        TurnRefusal.Challenge => null, // how every session begins
        TurnRefusal.NonceNotAccepted { Fault: NonceFault.Stale } when !isVerbose => null,
        TurnRefusal.NonceNotAccepted nonce => nonce.Fault is NonceFault.Stale ? "nonce too old" : "nonce of another client address or server",
        TurnRefusal.WrongPassword { IsTheSecret: true } wrong => $"{wrong.User} uses the shared secret itself as the password; it must be minted from it",
        TurnRefusal.WrongPassword wrong => $"wrong password, or minted from another secret, for {wrong.User}",
        TurnRefusal.UnknownUser unknown => $"no user {unknown.User}",
        TurnRefusal.UnknownUserhash => "no user has this name's hash",
        TurnRefusal.CredentialExpired expired => $"the credential of {expired.User} expired {expired.By.TotalSeconds:F0} s ago, if both clocks are right",
        TurnRefusal.CredentialWithoutExpiry without => $"{without.User} has a valid password but no expiry in its name",
        TurnRefusal.WrongRealm realm => $"the client's realm is {realm.Sent}",
        TurnRefusal.BidDown => "the list of password algorithms was changed on the way",
        TurnRefusal.PeerDenied denied => $"a peer of {denied.User} is not allowed: {denied.Rule}{Allow(denied)}",
        TurnRefusal.UserQuota quota => $"{quota.User} has {quota.Limit} relayed addresses (--user-quota)",
        TurnRefusal.TotalQuota quota => $"{quota.Limit} relayed addresses are in use (--total-quota)",
        TurnRefusal.PortsExhausted => "no free port in --relay-range",
        TurnRefusal.TooManyConnections many => $"{many.Limit} TCP connections are open",
        TurnRefusal.OthersAllocation others => $"the allocation is not that of {others.User}",
        _ when isVerbose => refusal.ToString(),
        _ => null,
    };

    private static string Allow(TurnRefusal.PeerDenied denied) => denied.Rule.Prefix is { } prefix ? $"; --allow-peer {prefix} would allow it" : "";

    private string At(TransportAddress address) => isVerbose ? $" [{address}]" : "";
}
