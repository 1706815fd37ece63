using Thaw.Net.Addresses;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;

namespace Thaw.Cli.Verbs;

/// <summary>One thing that a firewall must let through.</summary>
/// <param name="Port">0: another one at every start.</param>
/// <param name="Direction">in, out or both, as this machine sees it.</param>
internal sealed record PortLine(string Protocol, int Port, string Direction, string Who, string Why);

/// <summary>What must be open for given settings, and how to open it.</summary>
internal sealed record PortList(IReadOnlyList<PortLine> Ports, IReadOnlyDictionary<string, IReadOnlyList<string>> Commands)
{
    public static PortList For(Remedies settings, CloudProvider cloud)
    {
        var http = settings.IsHttpLocal
            ? new PortLine("tcp", settings.HttpPort, "in", "the HTTPS proxy on this machine", "HTTP: the page and signalling")
            : new PortLine("tcp", settings.HttpPort, "in", "every client, or the HTTPS proxy", "HTTP: the page and signalling");
        var media = new PortLine("udp", settings.UdpPort, "both", "every client, directly", "all media of all calls; no proxy passes it on");
        var names = new PortLine("udp", 5353, "both", "browsers on the same network", "optional: multicast to 224.0.0.251 and ff02::fb, to find addresses that they hide (mDNS)");

        // HTTP that is served to the network shares its port with media, and one line says so.
        bool isShared = settings.TcpPort == settings.HttpPort && !settings.IsHttpLocal;
        if (isShared) http = http with { Why = $"{http.Why}; media of clients whose network blocks UDP" };
        PortLine[] tcp = settings.TcpPort is { } port && !isShared
            ? [new PortLine("tcp", port, "in", "clients whose network blocks UDP, directly", "the same media over TCP; no proxy passes it on")] : [];
        PortLine[] servers = [.. settings.Servers.Select(s => new PortLine(
            s.Transport is TransportProtocol.Udp ? "udp" : "tcp", s.Port, "out", s.Host, s.Kind is GatheringKind.Turn ? "TURN: relays of this server's own" : "STUN: its address as others see it"))];
        PortLine[] relay = settings.RelayPort is not { } turn ? [] :
        [
            new PortLine("udp", turn, "in", "clients whose network knows no other UDP", "TURN, which leads to this server only; the HTTP port takes it by TCP"),
            // What a proxy of this machine has is not ours to share.
            .. settings.IsHttpLocal ? [new PortLine("tcp", turn, "in", "clients whose network blocks UDP, directly", "the same by TCP, as HTTP's port is the proxy's")] : (PortLine[])[],
        ];
        PortLine[] all = [http, media, .. tcp, .. relay, .. servers, names];
        PortLine[] outward = settings.IsHttpLocal ? [media, .. tcp, .. relay] : [http, media, .. tcp, .. relay];
        if (outward.Any(p => p.Port == 0)) return new PortList(all, new Dictionary<string, IReadOnlyList<string>>());

        (string, int)[] open = [.. outward.Select(p => (p.Protocol, p.Port)).Distinct()];
        var commands = new Dictionary<string, IReadOnlyList<string>>
        {
            ["ufw"] = [.. open.Select(p => $"sudo ufw allow {p.Item2}/{p.Item1}")],
            ["firewalld"] = [.. open.Select(p => $"sudo firewall-cmd --permanent --add-port={p.Item2}/{p.Item1}"), "sudo firewall-cmd --reload"],
            ["aws"] = CloudCommands(CloudProvider.Aws, open),
            ["docker"] = [settings.DockerRun("ADDRESS"), settings.DockerRunOnHost()],
            ["kubernetes"] = settings.KubernetesPod(),
        };
        if (cloud is CloudProvider.GoogleCloud or CloudProvider.Azure) commands[cloud is CloudProvider.Azure ? "azure" : "gcloud"] = CloudCommands(cloud, open);
        return new PortList(all, commands);
    }

    /// <summary>How a provider's own firewall is opened, where we know.</summary>
    public static IReadOnlyList<string> CloudCommands(CloudProvider cloud, IReadOnlyList<(string Protocol, int Port)> open) => cloud switch
    {
        CloudProvider.Aws => [.. open.Select(p => $"aws ec2 authorize-security-group-ingress --group-id SECURITY_GROUP --protocol {p.Protocol} --port {p.Port} --cidr 0.0.0.0/0")],
        CloudProvider.GoogleCloud => [$"gcloud compute firewall-rules create thaw --allow {string.Join(',', open.Select(p => $"{p.Protocol}:{p.Port}"))}"],
        CloudProvider.Azure => [.. open.Select((p, i) => "az network nsg rule create --resource-group GROUP --nsg-name NSG "
            + $"--name thaw-{p.Protocol} --priority {300 + i} --access Allow --protocol {(p.Protocol is "udp" ? "Udp" : "Tcp")} --destination-port-ranges {p.Port}")],
        _ => [],
    };
}
