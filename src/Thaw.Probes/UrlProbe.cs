using System.Net;
using System.Security.Cryptography;
using Thaw.Net.Addresses;
using Thaw.Probes.Lines;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Probes;

/// <summary>Uses one URL as a caller would: name, connection, certificate, binding, allocation, permission, a packet there and back.</summary>
internal static class UrlProbe
{
    private static readonly TimeSpan PingPace = TimeSpan.FromMilliseconds(60);

    /// <summary>Every address of the name is tried, one of each family at once; the better one is reported.</summary>
    public static async Task<UrlReport> RunAsync(ProbeTarget target, ProbeOptions options, CancellationToken cancel)
    {
        using var whole = new CancellationTokenSource(options.Whole, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(whole.Token, cancel);
        var times = new StageTimes(options.Time);
        IPAddress[] addresses;
        try
        {
            times.Begin("dns");
            addresses = await ResolveAsync(target.Url.Host, options, either.Token);
            times.End();
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            return Report(target, times, null, new Found(), e is OperationCanceledException ? Faults.Silent(target, "dns", options.Whole) : Faults.Of(target, "dns", e));
        }

        var reports = await Task.WhenAll(addresses.Select(address => ProbeAsync(target, address, times.Steps, options, either.Token, cancel)));
        if (reports is [var only]) return only;

        var best = reports.MinBy(report => report.Status)!;
        var others = from other in reports where other != best && other.Status > best.Status select $"{other.Server}: {other.Why}. Callers use the other address.";
        return best with { Notes = [.. best.Notes, .. others] };
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, ProbeOptions options, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host, out var literal)) return [literal];
        try
        {
            var all = await options.Resolve(host, cancel).WaitAsync(cancel);
            IPAddress[] oneOfEach = [.. all.Where(address => !address.IsIPv6LinkLocal).DistinctBy(address => address.AddressFamily)];
            return oneOfEach is [] ? throw Faults.NoAddress(host, "the resolver has no address for the name") : oneOfEach;
        }
        catch (ArgumentException)
        {
            throw Faults.NoAddress(host, "that is no host name");
        }
    }

    private static async Task<UrlReport> ProbeAsync(ProbeTarget target, IPAddress address, IReadOnlyList<ProbeStep> before, ProbeOptions options, CancellationToken limit, CancellationToken cancel)
    {
        var times = new StageTimes(options.Time);
        var found = new Found { Before = before };
        long began = options.Time.GetTimestamp();
        try
        {
            var server = new TransportAddress(address, target.Url.Port).Over(target.Url.Transport);
            await UseAsync(target, server, times, found, options, limit);
            return Report(target, times, server, found, found.Doubt ?? Soon(found, options) ?? Faults.WorksReversed(target));
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            string stage = times.Open ?? "relay";
            var fault = e is OperationCanceledException ? Faults.Silent(target, stage, options.Time.GetElapsedTime(began)) : Faults.Of(target, stage, e);
            return Report(target, times, new TransportAddress(address, target.Url.Port), found, fault);
        }
    }

    private static async Task UseAsync(ProbeTarget target, TransportAddress server, StageTimes times, Found found, ProbeOptions options, CancellationToken cancel)
    {
        var first = await OpenAsync(target, server, times, found, options, cancel);
        bool isOurs = true;
        try
        {
            if (target.Url.Kind is GatheringKind.Stun)
            {
                times.Begin("binding");
                var answer = await StunQuestion.BindingAsync(first, options.Time, cancel);
                if (answer.Code != 0 || answer.Mapped == default) throw Faults.TellsNothing(answer);
                (found.Mapped, found.Software) = (answer.Mapped, answer.Software);
                times.End();
                return;
            }

            var challenge = await ChallengeAsync(first, times, found, options, cancel);
            isOurs = false; // the call closes it
            await RelayAsync(target, first, server, challenge, times, found, options, cancel);
        }
        finally
        {
            if (isOurs) first.Dispose();
        }
    }

    private static async Task<Line> OpenAsync(ProbeTarget target, TransportAddress server, StageTimes? times, Found? found, ProbeOptions options, CancellationToken cancel)
    {
        if (server.Protocol is TransportProtocol.Udp) return UdpLine.Open(server);
        times?.Begin("connect");
        string? name = target.Url.Tls ? target.Url.Host : null;
        var line = await StreamLine.DialAsync(server, name, options.Trusted, Connected, cancel);
        if (name is not null) times?.End();
        if (found is not null) found.Certificate = line.Certificate;
        return line;

        void Connected()
        {
            times?.End();
            if (name is not null) times?.Begin("tls");
        }
    }

    /// <summary>The first 401, which every session begins with, tells the realm.</summary>
    private static async Task<StunAnswer> ChallengeAsync(Line line, StageTimes times, Found found, ProbeOptions options, CancellationToken cancel)
    {
        times.Begin("challenge");
        var answer = await StunQuestion.AllocateAsync(line, options.Time, cancel);
        (found.Realm, found.Software) = (answer.Realm, answer.Software);
        if (answer.Code == 0) throw Faults.OpenRelay(answer);
        if (answer.Code is 400 or 420 or 405 && answer.Realm is null) throw Faults.NotTurn(answer);
        if (answer.Code == 401 && answer.Realm is null or "") throw Faults.RealmMissing(answer);
        if (answer.Code == 401 && options.Realm is { } wanted && wanted != answer.Realm) throw Faults.RealmMismatch(wanted, answer);
        times.End();
        return answer;
    }

    private static async Task RelayAsync(
        ProbeTarget target, Line first, TransportAddress server, StunAnswer challenge, StageTimes times, Found found, ProbeOptions options, CancellationToken cancel)
    {
        times.Begin("allocate");
        await using var near = new TurnCall(first, target.Credential!, options.Time, options.Farewell, cancel);
        var far = await OpenAsync(target, server, null, null, options, cancel);
        await using var other = new TurnCall(far, target.Credential!, options.Time, options.Farewell, cancel);

        var allocated = await AllocatedAsync(near, target, challenge, options, cancel);
        (found.Relayed, found.Mapped) = (allocated.Relayed[0], allocated.Mapped);
        times.End();
        if (IsHidden(found.Relayed, server)) throw Faults.ExternalIpMissing(found.Relayed, server.Address.ToString());

        // A quota of one leaves no second: then the first one proves what it can.
        times.Begin("permission");
        TurnClientEvent.Allocated? second = null;
        try
        {
            second = await AllocatedAsync(other, target, challenge, options, cancel);
        }
        catch (ProbeFault fault) when (fault.Cause is Causes.QuotaReached or Causes.NoCapacity)
        {
            found.Doubt = new ProbeFault(ProbeStatus.Warning, fault.Cause, "One allocation is all that this user gets: a page that is opened twice has no relay", fault.Proof, fault.Fix);
        }

        if (second is null)
        {
            times.End();
            return;
        }

        await ExchangeAsync(near, allocated.Relayed[0], other, second.Relayed[0], times, options, cancel);
    }

    private static async Task<TurnClientEvent.Allocated> AllocatedAsync(TurnCall call, ProbeTarget target, StunAnswer challenge, ProbeOptions options, CancellationToken cancel)
        => await call.Settled.WaitAsync(cancel) switch
        {
            TurnClientEvent.Allocated allocated => allocated,
            TurnClientEvent.Failed failed => throw Faults.Refused(target, failed, challenge, options.Time.GetUtcNow()),
            TurnClientEvent.Redirected redirected => throw Faults.Redirected(redirected.Alternate),
            _ => throw new IOException("The allocation was lost at once."),
        };

    /// <summary>From one allocation through the relay to the other, in both directions: each sends until something arrives.</summary>
    private static async Task ExchangeAsync(TurnCall near, TransportAddress nearRelayed, TurnCall far, TransportAddress farRelayed, StageTimes times, ProbeOptions options, CancellationToken cancel)
    {
        byte[] ping = RandomNumberGenerator.GetBytes(32), pong = RandomNumberGenerator.GetBytes(32);
        using var limit = new CancellationTokenSource(options.Relayed, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        bool isPermitted = false;
        while (!(near.Delivered.IsCompleted && far.Delivered.IsCompleted))
        {
            near.Send(farRelayed, ping);
            far.Send(nearRelayed, pong);
            var pause = Task.Delay(PingPace, options.Time, either.Token);
            await Task.WhenAny(Task.WhenAll(near.Delivered, far.Delivered), near.Refused, far.Refused, pause);
            if (near.Refused.IsCompletedSuccessfully || far.Refused.IsCompletedSuccessfully)
            {
                var refused = await (near.Refused.IsCompletedSuccessfully ? near.Refused : far.Refused);
                throw Faults.PeerForbidden(refused.Code, refused.Peer, AddressScopes.Of(nearRelayed.Address) is not AddressScope.Global);
            }

            if (near.Delivered.IsCompleted != far.Delivered.IsCompleted && !isPermitted)
            {
                isPermitted = true;
                times.End();
                times.Begin("relay");
            }

            either.Token.ThrowIfCancellationRequested();
        }

        if (!(await far.Delivered).AsSpan().SequenceEqual(ping) || !(await near.Delivered).AsSpan().SequenceEqual(pong)) throw new InvalidDataException("The relay changed what it carried.");
        if (!isPermitted)
        {
            times.End();
            times.Begin("relay");
        }

        times.End();
    }

    // A relay that is reached by a public address, but names one that is not: its 1:1 NAT was not told to it.
    private static bool IsHidden(TransportAddress relayed, TransportAddress server)
        => AddressScopes.Of(relayed.Address) is AddressScope.Unusable
            || (AddressScopes.Of(server.Address) is AddressScope.Global && AddressScopes.Of(relayed.Address) is not AddressScope.Global);

    private static ProbeFault? Soon(Found found, ProbeOptions options)
    {
        if (found.Certificate is not { } shown || shown.NotAfter - options.Time.GetUtcNow() > options.CertificateNotice) return null;
        return new ProbeFault(ProbeStatus.Warning, Causes.CertificateExpired, "The certificate is about to expire", $"{shown.Subject}, valid until {shown.NotAfter:u}", "Renew it, and let the server read it anew.");
    }

    private static UrlReport Report(ProbeTarget target, StageTimes times, TransportAddress? server, Found found, ProbeFault? fault) => new()
    {
        Url = target.Text,
        Status = fault?.Status ?? ProbeStatus.Ok,
        Cause = fault?.Cause,
        Why = fault?.Why,
        Proof = fault?.Proof,
        Fix = fault?.Fix,
        Steps = [.. found.Before, .. times.Steps],
        Server = server?.ToString(),
        Mapped = found.Mapped == default ? null : found.Mapped.ToString(),
        Relayed = found.Relayed == default ? null : found.Relayed.ToString(),
        Realm = found.Realm,
        Software = found.Software,
        Certificate = found.Certificate?.Report(DateTimeOffset.UtcNow),
    };

    /// <summary>What came out on the way, also of a probe that failed later.</summary>
    private sealed class Found
    {
        public IReadOnlyList<ProbeStep> Before { get; init; } = [];

        public TransportAddress Mapped { get; set; }

        public TransportAddress Relayed { get; set; }

        public string? Realm { get; set; }

        public string? Software { get; set; }

        public ServerCertificate? Certificate { get; set; }

        public ProbeFault? Doubt { get; set; }
    }
}
