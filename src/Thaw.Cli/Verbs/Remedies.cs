using System.Diagnostics;
using System.Globalization;
using System.Text;
using Thaw.Net.Addresses;
using Thaw.Protocol.Gathering;

namespace Thaw.Cli.Verbs;

/// <summary>Words and exact commands for each finding. Capitals in a command are the reader's to fill in.</summary>
/// <param name="Line">The arguments of <c>thaw serve</c> as given, without what only changes the output.</param>
/// <param name="TcpPort">Null where media never comes over TCP.</param>
internal sealed record Remedies(IReadOnlyList<string> Line, int HttpPort, int UdpPort, int? TcpPort, bool IsHttpLocal)
{
    /// <summary>STUN and TURN servers that this server asks.</summary>
    public IReadOnlyList<IceServerUrl> Servers { get; init; } = [];

    /// <summary>The embedded relay's, which is worth a hole in the firewall but needs none; null without one.</summary>
    public int? RelayPort { get; init; }

    public WarningLine Explain(ReachabilityFinding finding, HostFacts facts)
    {
        var (text, commands) = Words(finding.Problem, finding.Detail, facts);
        return new WarningLine(CodeOf(finding.Problem), finding.IsFatal, text, commands);
    }

    /// <summary>A container that clients reach at an address of its host.</summary>
    public string DockerRun(string address)
        => $"docker run {Publish(HttpPort, "tcp")}{(TcpPort is { } tcp && tcp != HttpPort ? Publish(tcp, "tcp") : "")}{Publish(UdpPort, "udp")}IMAGE {Serve("--host", "0.0.0.0", "--public-ip", address)}";

    public string DockerRunOnHost() => $"docker run --network host IMAGE {Serve()}";

    public IReadOnlyList<string> KubernetesPod() =>
    [
        "hostNetwork: true                  # in the pod's spec: the pod has the node's addresses",
        "# or a port of the node, and the address that clients reach it by:",
        $"ports: [{{ containerPort: {UdpPort}, hostPort: {UdpPort}, protocol: UDP }}{(TcpPort is { } tcp ? $", {{ containerPort: {tcp}, hostPort: {tcp}, protocol: TCP }}" : "")}]",
        "env: [{ name: THAW_PUBLIC_IP, value: ADDRESS }, { name: THAW_HOST, value: 0.0.0.0 }]",
    ];

    private (string Text, IReadOnlyList<string> Commands) Words(ReachabilityProblem problem, string about, HostFacts facts) => problem switch
    {
        ReachabilityProblem.OnlyLoopback => ("only programs on this machine reach it; no other address is used.", []),
        ReachabilityProblem.PrivateNetwork => (
            $"clients on other networks do not reach {about}. For them, forward {Media} to this machine and announce the router's address:",
            [Thaw("--public-ip", "ADDRESS")]),
        ReachabilityProblem.ContainerNetwork when facts.Container is ContainerKind.Kubernetes => (
            $"outside of the cluster nobody reaches {about}. Give the pod a way in:", KubernetesPod()),
        ReachabilityProblem.ContainerNetwork => (
            $"outside of this container's host nobody reaches {about}. Publish the ports and announce an address of the host "
                + "(127.0.0.1 for a browser on the host itself), or use the host's network:",
            [DockerRun("ADDRESS"), DockerRunOnHost()]),
        ReachabilityProblem.HttpInsideContainer => (
            "HTTP is served on the container's own localhost, where a published port does not lead:", [Thaw("--host", "0.0.0.0")]),
        ReachabilityProblem.HttpOnlyPlatform => ($"{about} passes on HTTP but no UDP. Run Thaw where a UDP port can be opened, or give it a TURN server:", [Thaw("--ice-servers", "SERVERS")]),
        ReachabilityProblem.CloudNat => (
            $"{NameOf(facts.Cloud)} translates a public address to {about}; this machine cannot see it. Announce it, and let {Media} in:",
            [Thaw("--public-ip", $"ADDRESS/{about}"), .. PortList.CloudCommands(facts.Cloud, TcpPort is { } tcp ? [("udp", UdpPort), ("tcp", tcp)] : [("udp", UdpPort)])]),
        ReachabilityProblem.WslNat => (
            $"{about} is WSL's own network, which only this Windows reaches. Put networkingMode=mirrored under [wsl2] into %UserProfile%\\.wslconfig, then:",
            ["wsl --shutdown"]),
        ReachabilityProblem.VmNat => (
            $"{about} is behind the hypervisor's NAT. Give the virtual machine a bridged adapter, or forward the port and announce the host's address:",
            [$"VBoxManage modifyvm NAME --natpf1 \"thaw,udp,,{UdpPort},,{UdpPort}\"", Thaw("--public-ip", "ADDRESS")]),
        ReachabilityProblem.ProviderNat => ($"{about} is shared by the provider's customers (RFC 6598): no port can be forwarded to it. Use a machine with an address of its own, or a TURN server:", [Thaw("--ice-servers", "SERVERS")]),
        ReachabilityProblem.NameUnknown => ($"the name {about} is not found. It is looked up every 30 s and announced once it is.", []),
        ReachabilityProblem.NoSocketOfFamily => ($"{about} is not announced: no local address of its family can stand for it.", []),
        _ => throw new UnreachableException($"{problem}"),
    };

    private string Media => TcpPort is { } tcp ? $"UDP port {UdpPort} and TCP port {tcp}" : $"UDP port {UdpPort}";

    private static string Publish(int port, string protocol) => $"-p {port}:{port}/{protocol} ";

    private string Thaw(params string[] more) => $"thaw {Serve(more)}";

    // The options that it adds replace those given.
    private string Serve(params string[] more)
    {
        var words = new List<string> { "serve" };
        for (int i = 0; i < Line.Count; i++)
        {
            if (!more.Contains(Line[i])) words.Add(Line[i]);
            else while (i + 1 < Line.Count && !Line[i + 1].StartsWith('-')) i++;
        }

        return string.Join(' ', words.Concat(more).Select(Quoted));
    }

    private static string Quoted(string word) => word.Any(c => !char.IsAsciiLetterOrDigit(c) && !"-_.,:/=%@+".Contains(c)) ? $"'{word.Replace("'", "'\\''")}'" : word;

    private static string NameOf(CloudProvider cloud) => cloud switch
    {
        CloudProvider.Aws => "AWS",
        CloudProvider.GoogleCloud => "Google Cloud",
        CloudProvider.Alibaba => "Alibaba Cloud",
        _ => cloud.ToString(),
    };

    // ContainerNetwork is "container-network".
    private static string CodeOf(ReachabilityProblem problem)
    {
        var code = new StringBuilder();
        foreach (char c in problem.ToString())
        {
            if (char.IsAsciiLetterUpper(c) && code.Length > 0) code.Append('-');
            code.Append(char.ToLower(c, CultureInfo.InvariantCulture));
        }

        return code.ToString();
    }
}
