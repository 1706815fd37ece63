using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Thaw.Net;
using Thaw.Net.Gathering;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Turn;

namespace Thaw.Cli.RelayChecks;

/// <summary>How the ports look from another relay (<c>--from</c>).</summary>
internal static class OutsideRows
{
    private const string Code = "outside";
    private static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(3500);
    private static readonly TimeSpan CredentialLifetime = TimeSpan.FromMinutes(5);

    /// <param name="server">One URL. Without a credential it gets ours: relays of one owner share theirs.</param>
    public static async Task<IReadOnlyList<CheckRow>> LookAsync(IceServer server, RelayPlan plan, Machine machine, CancellationToken cancel)
    {
        if (!IceServerUrl.TryParse(server.Urls[0], out var url, out string error)) return [CheckRow.Unknown(Code, error)];
        if (Credential(server, plan, machine) is not { } credential)
            return [CheckRow.Unknown(Code, $"{url.Host} wants a credential, and there is none of this relay's own to try.", """--from '{"urls": "turn:HOST", "username": "NAME", "credential": "PASSWORD"}'""")];
        if (await AddressAsync(url.Host, cancel) is not { } address) return [CheckRow.Unknown(Code, $"the name {url.Host} is not found.")];

        var targets = Targets(plan, machine);
        try
        {
            var end = new IPEndPoint(address, url.Port);
            VantageTarget[] asked = [.. targets.Select(target => target.Target)];
            var report = await Task.Run(() => RelayVantage.Look(end, credential, asked, new Clock(TimeProvider.System), Limit), cancel);
            return [.. Judge(url.Host, [.. targets.Select(target => target.Name)], report, plan)];
        }
        catch (SocketException e)
        {
            return [CheckRow.Unknown(Code, $"{url.Host} cannot be reached from here: {e.SocketErrorCode}.")];
        }
        finally
        {
            foreach (var target in targets) target.Target.Listener?.Dispose();
        }
    }

    internal static IEnumerable<CheckRow> Judge(string from, IReadOnlyList<string> names, VantageReport report, RelayPlan plan)
    {
        if (!report.IsAllocated)
        {
            yield return CheckRow.Unknown(Code, report.Failure is { } failure
                ? $"{from} does not relay for us: {failure.Cause}{(failure.Code > 0 ? $", {failure.Code} {failure.Reason}" : "")}."
                : $"{from} did not answer within {Limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s.");
            yield break;
        }

        var told = plan.Relays.FirstOrDefault(relay => relay.Announced.IsIPv4 == report.Mapped.IsIPv4)?.Announced ?? default;
        if (report.Mapped != default && told != default && !told.SameAddress(report.Mapped))
            yield return CheckRow.Warning("outside-address", $"{from} sees this machine as {report.Mapped.Address}; clients are told {told.Address}.", $"--external-ip {report.Mapped.Address}");
        if (names.Count == 0) yield return CheckRow.Unknown(Code, "there is no port here that could be looked at: each is in use by something else, or there is no address.");
        for (int i = 0; i < names.Count; i++)
        {
            yield return report.Outcomes[i] switch
            {
                VantageOutcome.Heard => CheckRow.Ok(Code, $"{names[i]} is reached from {from}."),
                VantageOutcome.Refused => CheckRow.Unknown(Code, $"{from} does not relay to {names[i]}: its rules about peers forbid it.", "a relay on another network, or --allow-peer there"),
                VantageOutcome.NoFamily => CheckRow.Unknown(Code, $"{from} has no address of the family of {names[i]}."),
                _ => CheckRow.Problem(Code, $"no packet from {from} came through to {names[i]}.", "open it in the firewall of the machine and of the cloud, and forward it where there is NAT", $"sudo tcpdump -ni any udp port PORT    # does anything arrive?"),
            };
        }

        yield return CheckRow.Unknown("outside-tcp", "TCP and TLS ports are not looked at from there.", $"openssl s_client -connect HOST:{plan.Options.TlsPort}    # from elsewhere");
    }

    // The listener, and of the range both ends and one between; those in use say nothing.
    private static List<(string Name, VantageTarget Target)> Targets(RelayPlan plan, Machine machine)
    {
        var targets = new List<(string, VantageTarget)>();
        var server = plan.Options.Server;
        foreach (var relay in plan.Relays)
        {
            ushort port = plan.Options.Port;
            var listener = Open(relay.Local.Address, port);
            bool isAnswered = listener is not null || machine.Bind(ProtocolType.Udp, new IPEndPoint(relay.Local.Address, port)) is SocketError.AddressAlreadyInUse;
            if (isAnswered && port > 0) targets.Add(($"UDP {relay.Announced.WithPort(port)}", new VantageTarget(relay.Announced.WithPort(port), listener)));
            int[] ports = [server.FirstRelayPort, (server.FirstRelayPort + server.LastRelayPort) / 2, server.LastRelayPort];
            foreach (int of in ports.Distinct())
                if (Open(relay.Local.Address, (ushort)of) is { } socket) targets.Add(($"UDP {relay.Announced.WithPort((ushort)of)}", new VantageTarget(relay.Announced.WithPort((ushort)of), socket)));
        }

        return targets;
    }

    private static Socket? Open(IPAddress address, ushort port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static TurnCredential? Credential(IceServer server, RelayPlan plan, Machine machine)
    {
        var own = plan.Options.Server;
        if (server is { Username: { } username, Credential: { } password }) return new TurnCredential(username, password);
        if (own.SharedSecrets is [var secret, ..]) return Minted(secret, machine.Now + CredentialLifetime);
        return own.Users is [var user, ..] ? new TurnCredential(user.Name, user.Password) : null;
    }

    private static TurnCredential Minted(string secret, DateTimeOffset until)
    {
        string name = $"{until.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}:thaw-check";
#pragma warning disable CA5350 // What every service that mints such credentials does.
        return new TurnCredential(name, Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(name))));
#pragma warning restore CA5350
    }

    private static async Task<IPAddress?> AddressAsync(string host, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host, out var literal)) return literal;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(LookUpLimit);
        try
        {
            var found = await Dns.GetHostAddressesAsync(host, limit.Token);
            return found.FirstOrDefault(address => address.AddressFamily is AddressFamily.InterNetwork) ?? found.FirstOrDefault();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return null;
        }
    }
}
