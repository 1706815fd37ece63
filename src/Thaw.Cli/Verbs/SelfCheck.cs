using System.Net;
using Thaw.Net.Addresses;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Ice;

namespace Thaw.Cli.Verbs;

/// <summary>What is announced, who reaches it, and what would make it reachable: the same for <c>serve</c> and <c>ports</c>.</summary>
internal sealed record SelfCheck(IReadOnlyList<AnnouncedLine> Announced, IReadOnlyList<WarningLine> Warnings)
{
    public bool IsHopeless => Warnings.Any(w => w.Fatal);

    public static SelfCheck Of(
        HostFacts facts, IReadOnlyList<Candidate> candidates, IReadOnlyList<PublicAddress> given, IReadOnlyList<string> unknownNames, Remedies remedies)
    {
        var asked = new ReachabilityQuestion
        {
            IsHttpLocal = remedies.IsHttpLocal,
            HasRelay = candidates.Any(c => c.Type is CandidateType.Relayed) || remedies.Servers.Any(s => s.Kind is GatheringKind.Turn),
            HasReflexive = candidates.Any(c => c.Type is CandidateType.ServerReflexive),
            UnknownNames = unknownNames,
            Unannounced = [.. given.Select(g => g.Address).OfType<IPAddress>().Where(a => !candidates.Any(c => c.Address.SameAddress(new TransportAddress(a, 0))))],
        };
        AnnouncedAs[] hosts = [.. candidates.Where(c => c.Type is CandidateType.Host).Select(c => new AnnouncedAs(c.Address, !c.Address.SameAddress(c.Base)))];
        return new SelfCheck(
            [.. Outward(candidates).Select(AnnouncedLine.Of)],
            [.. Reachability.Judge(facts, hosts, asked).Select(f => remedies.Explain(f, facts))]);
    }

    /// <summary>A few lines for a person.</summary>
    public IEnumerable<string> Lines()
    {
        const int most = 6;
        string[] told = [.. Announced.GroupBy(a => (a.Address, a.Port, a.Type)).Select(same => $"{same.First().At} by {string.Join('+', same.Select(a => a.Protocol))} ({same.First().Nature})")];
        string more = told.Length > most ? $" and {told.Length - most} more" : "";
        yield return $"  Clients are told {string.Join(", ", told.Take(most))}{more}.";
        foreach (var warning in Warnings)
        {
            yield return $"  {(warning.Fatal ? "Not reachable" : "Note")}: {warning.Text}";
            foreach (string command in warning.Commands) yield return $"    {command}";
        }
    }

    // Loopback is told to callers on this machine only, and worth a word only if there is nothing else.
    private static IReadOnlyList<Candidate> Outward(IReadOnlyList<Candidate> all)
    {
        Candidate[] outward = [.. all.Where(c => !c.Base.IsLoopback)];
        return outward is [] ? all : outward;
    }
}

/// <param name="Scope">Who reaches it, as far as the address tells.</param>
/// <param name="Mapped">It was told by --public-ip.</param>
internal sealed record AnnouncedLine(string Address, int Port, string Protocol, string Type, string Scope, bool Mapped)
{
    public static AnnouncedLine Of(Candidate candidate) => new(
        candidate.Address.Address.ToString(), candidate.Address.Port,
        candidate.Base.Protocol is TransportProtocol.Tcp ? "tcp" : "udp",
        candidate.Type switch { CandidateType.Host => "host", CandidateType.ServerReflexive => "srflx", CandidateType.Relayed => "relay", _ => "prflx" },
        AddressScopes.Of(candidate.Address.Address) switch
        {
            AddressScope.Loopback => "this machine",
            AddressScope.LinkLocal => "this link",
            AddressScope.Private => "private",
            AddressScope.SharedByProvider => "provider or overlay",
            _ => "public",
        },
        candidate.Type is CandidateType.Host && !candidate.Address.SameAddress(candidate.Base));

    internal string At => new IPEndPoint(IPAddress.Parse(Address), Port).ToString();

    internal string Nature => Type is "host" ? Scope : $"{Type}, {Scope}";
}

/// <param name="Code">Stable, for scripts.</param>
/// <param name="Fatal">Nobody gets through who should.</param>
internal sealed record WarningLine(string Code, bool Fatal, string Text, IReadOnlyList<string> Commands);
