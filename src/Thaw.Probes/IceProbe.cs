using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.Probes;

/// <summary>Tries every URL of a list at once, and says what all of them together mean.</summary>
public static class IceProbe
{
    /// <param name="done">Called as each one ends, on any thread.</param>
    public static async Task<IceReport> RunAsync(IReadOnlyList<ProbeTarget> targets, ProbeOptions options, Action<UrlReport>? done, CancellationToken cancel)
    {
        long began = options.Time.GetTimestamp();
        using var turns = new SemaphoreSlim(options.AtOnce);
        var urls = await Task.WhenAll(targets.Select(async target =>
        {
            await turns.WaitAsync(cancel);
            try
            {
                var report = await UrlProbe.RunAsync(target, options, cancel);
                done?.Invoke(report);
                return report;
            }
            finally
            {
                turns.Release();
            }
        }));
        return new IceReport(urls, [.. Together(targets, urls)], Math.Round(options.Time.GetElapsedTime(began).TotalMilliseconds));
    }

    private static IEnumerable<ListFinding> Together(IReadOnlyList<ProbeTarget> targets, UrlReport[] urls)
    {
        var both = targets.Zip(urls, (target, report) => (target.Url, Report: report)).ToArray();
        var udp = both.Where(one => one.Url.Transport is TransportProtocol.Udp).ToArray();
        var tcp = both.Where(one => one.Url.Transport is TransportProtocol.Tcp).ToArray();
        bool isSilent = udp.Length > 0 && Array.TrueForAll(udp, one => one.Report.Cause is Causes.StunUnreachable or Causes.TurnUdpUnreachable);
        bool isReached = Array.Exists(tcp, one => one.Report.Status is not ProbeStatus.Failed || one.Report.Cause is not (Causes.TurnTcpUnreachable or Causes.NameNotFound or Causes.NoRoute));
        if (isSilent && isReached)
            yield return new ListFinding(ProbeStatus.Warning, Causes.UdpBlocked, "No server answers over UDP and one does over TCP: this network blocks UDP, or those ports",
                "Calls from here go through the relay over TCP or TLS: keep turns:…:443?transport=tcp in the list.");

        var relays = both.Where(one => one.Url.Kind is GatheringKind.Turn).ToArray();
        if (relays.Length == 0)
            yield return new ListFinding(ProbeStatus.Warning, "symmetric-nat-no-relay", "There is no relay in the list: callers behind symmetric NATs and strict firewalls do not connect", "Add a TURN server, over UDP, TCP and TLS.");
        else if (Array.TrueForAll(relays, one => one.Report.Status is ProbeStatus.Failed))
            yield return new ListFinding(ProbeStatus.Failed, relays[0].Report.Cause!, "No relay works: callers whom no direct path reaches do not connect", relays[0].Report.Fix!);
        else if (Array.TrueForAll(relays, one => one.Url.Transport is TransportProtocol.Udp))
            yield return new ListFinding(ProbeStatus.Warning, Causes.UdpOnly, "Every relay is asked over UDP: networks that block UDP get none", $"Add turns:{relays[0].Url.Host}:443?transport=tcp.");

        if (Array.Exists(both, one => one.Report.Mapped is not null) && MappedPorts(both) is { } differs)
            yield return new ListFinding(ProbeStatus.Ok, "symmetric-nat-no-relay", differs, "");
    }

    // Each probe has a socket of its own, so ports cannot be compared; addresses can.
    private static string? MappedPorts((IceServerUrl Url, UrlReport Report)[] both)
    {
        string[] addresses = [.. both.Select(one => one.Report.Mapped).OfType<string>().Select(mapped => mapped[..mapped.LastIndexOf(':')]).Where(address => !address.StartsWith('[')).Distinct()];
        return addresses.Length > 1 ? $"The servers see this machine at {addresses.Length} addresses ({string.Join(", ", addresses)}): a NAT with a pool, or several ways out" : null;
    }
}
