using System.Text.Json;

namespace Thaw.Interop.Tests.Networks;

/// <summary>A browser at one end of a lab, <c>thaw serve</c> at the other, and the network between them.</summary>
internal sealed class Call : IAsyncDisposable
{
    // Browsers and servers that start take all there is; two at a time leave something to those that are measured.
    private static readonly SemaphoreSlim Preparing = new(2);

    // The network is what is tried here, and not how long a busy machine takes for an answer.
    private static readonly string[] Flags = ["--host", "0.0.0.0", "--budget", "signalling=4"];

    private static readonly TimeSpan Heard = TimeSpan.FromSeconds(15), GivesUp = TimeSpan.FromSeconds(40);

    // Which candidates carry the call: RFC 8445 types, and what the client speaks with its relay.
    private const string SelectedPath = """
        (async () => {
          const all = new Map(await thaw.peer().getStats());
          const transport = [...all.values()].find(s => s.type === 'transport');
          const pair = all.get(transport.selectedCandidatePairId);
          const [local, remote] = [all.get(pair.localCandidateId), all.get(pair.remoteCandidateId)];
          return `${local.candidateType}-${remote.candidateType} ${local.relayProtocol ?? local.protocol}`;
        })()
        """;

    private readonly List<IAsyncDisposable> _parts;

    private Call(Lab lab, ThawProcess server, ThawPage page, List<IAsyncDisposable> parts) => (Lab, Server, Page, _parts) = (lab, server, page, parts);

    public Lab Lab { get; }

    public ThawProcess Server { get; }

    public ThawPage Page { get; }

    /// <summary>The page is open and idle, and the network as it shall be.</summary>
    public static async Task<Call> PrepareAsync(Chromium chromium, Network network, string agent = "echo")
    {
        var parts = new List<IAsyncDisposable>();
        await Preparing.WaitAsync();
        try
        {
            var lab = Added(await Lab.BuildAsync(network.Client, network.Server, network.Delay));
            var coturn = network.Relay ? Added(await Coturn.StartAsync(lab)) : null;
            var certificate = network.Https ? Added(await LabCertificate.MakeAsync(Lab.ServerAddress)) : null;
            string[] trust = (coturn?.KeyHash ?? certificate?.KeyHash) is { } keyHash ? [$"--ignore-certificate-errors-spki-list={keyHash}"] : [];
            string[] flags = [.. network.Serve.Select(flag => flag == Coturn.Certificate ? coturn!.CertificateFile : flag)];
            if (certificate is not null) flags = [.. flags, "--cert", certificate.File, "--key", certificate.KeyFile];
            var url = new Uri($"{(network.Https ? "https" : "http")}://{Lab.ServerAddress}:{Lab.HttpPort}/client/?raw");
            var server = Added(await ThawProcess.ServeAsync(lab.Server, agent, Lab.HttpPort, Lab.UdpPort, [.. Flags, .. flags]));
            var browser = Added(await chromium.LaunchInAsync(lab.Client, url, trust));
            var page = await Chromium.OpenAsync(browser, url, network.IceServers is { } servers ? WithIceServers(servers) : null);
            await Lab.FilterAsync(lab.Home, network.Home);
            await Lab.FilterAsync(lab.Internet, network.Internet);
            await Lab.FilterAsync(lab.Site, network.Site);
            return new(lab, server, page, parts);
        }
        catch
        {
            await DisposeAsync(parts);
            throw;
        }
        finally
        {
            Preparing.Release();
        }

        T Added<T>(T part) where T : IAsyncDisposable
        {
            parts.Add(part);
            return part;
        }
    }

    /// <summary>Calls, and listens whether the agent is heard.</summary>
    public async Task<Outcome> ConnectAsync()
    {
        const string Dial = "(began => thaw.connect().then(s => s.readyMs, () => performance.now() - began))(performance.now())";
        var clock = new Stopclock();
        var took = TimeSpan.FromMilliseconds((await Page.EvaluateAsync(Dial, GivesUp)).GetDouble());
        var starved = clock.Starved;
        var verdict = await Page.EvaluateAsync("thaw.verdict", GivesUp);
        if (verdict.ValueKind is JsonValueKind.Object)
            return new("", verdict.GetProperty("code").GetString()!, verdict.GetProperty("title").GetString() + " " + verdict.GetProperty("quoted").GetString(), took, starved);

        await Page.UntilHeardAsync(Heard);
        return new((await Page.EvaluateAsync(SelectedPath, GivesUp)).GetString()!, "", "", took, starved);
    }

    /// <summary>What both ends say, for a failure.</summary>
    public async Task<string> DescribeAsync() => $"{await Page.DescribeAsync()}\nThe server says:\n{string.Join('\n', Server.Log)}";

    public ValueTask DisposeAsync() => DisposeAsync(_parts);

    private static async ValueTask DisposeAsync(List<IAsyncDisposable> parts)
    {
        foreach (var part in Enumerable.Reverse(parts)) await part.DisposeAsync();
    }

    // As a page of a user's own gives them to its client.
    private static string WithIceServers(string servers) => $$"""
        window.RTCPeerConnection = class extends RTCPeerConnection {
          constructor(config = {}) { super({ ...config, iceServers: {{servers}} }); }
        };
        """;
}
