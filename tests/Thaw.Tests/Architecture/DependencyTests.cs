using System.Text.RegularExpressions;
using System.Xml.Linq;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Architecture;

/// <summary>Who may know whom. An arrow is added in the commit that says why, never to make a build pass.</summary>
public sealed class DependencyTests
{
    // Siblings never know each other. A folder that is not listed knows only the root types.
    private static readonly Dictionary<string, string[]> FoldersMayUse = new()
    {
        ["Ice"] = ["Stun"],
        ["Gathering"] = ["Stun", "Turn"],
        ["Turn"] = ["Stun"],
        ["Srtp"] = ["Rtp"],
    };

    private const string KnowsAll = "Peer";

    private static readonly Dictionary<string, string[]> ProjectsMayUse = new()
    {
        ["Thaw.Protocol"] = [],
        ["Thaw.Dtls"] = ["Thaw.Protocol"],
        ["Thaw.Net"] = ["Thaw.Protocol"],
        ["Thaw.IceServers"] = ["Thaw.Net", "Thaw.Protocol"],
        ["Thaw.Voice"] = ["Thaw.IceServers", "Thaw.Relay", "Thaw.Net", "Thaw.Dtls", "Thaw.Protocol"],
        ["Thaw.Relay"] = ["Thaw.Net", "Thaw.Dtls", "Thaw.Protocol"],
        ["Thaw.Relay.Admin"] = ["Thaw.Relay", "Thaw.Net", "Thaw.Protocol"],
        ["Thaw.Audit"] = [],
        ["Thaw.Diagnosis"] = ["Thaw.Protocol"],
        ["Thaw.Probes"] = ["Thaw.Net", "Thaw.Protocol"],
        ["Thaw.Load"] = ["Thaw.Relay", "Thaw.Protocol"],
        ["Thaw.Cli"] = ["Thaw.Load", "Thaw.Voice", "Thaw.Relay", "Thaw.Relay.Admin", "Thaw.Audit", "Thaw.Diagnosis", "Thaw.Probes"],
    };

    // Computation, memory and cryptographic primitives.
    private static readonly string[] ProtocolMayReference =
    [
        "System.Collections", "System.Collections.Immutable", "System.Linq", "System.Memory", "System.Net.Primitives",
        "System.Numerics.Vectors", "System.Runtime", "System.Runtime.InteropServices", "System.Runtime.Intrinsics",
        "System.Runtime.Numerics", "System.Security.Cryptography", "System.Text.Encoding.Extensions",
    ];

    [Fact]
    public void Folders_of_the_protocol_only_use_the_folders_below_them()
    {
        string[] folders = [.. Directory.EnumerateDirectories(Repository.PathOf("src", "Thaw.Protocol")).Select(path => Path.GetFileName(path))];
        string names = string.Join('|', folders);
        var use = new Regex($@"\b(?:Thaw\.)?Protocol\.(?<folder>{names})\b|(?<![\w.])(?<folder>{names})\.(?=[A-Z])");

        var offences =
            from path in Repository.Files(Path.Combine("src", "Thaw.Protocol"), "*.cs")
            let folder = FolderOf(path)
            where folder != KnowsAll
            let code = SourceText.CodeOf(path)
            from used in use.Matches(code).Where(m => !IsNamespaceOf(code, m)).Select(m => m.Groups["folder"].Value).Distinct()
            where used != folder && !FoldersMayUse.GetValueOrDefault(folder, []).Contains(used)
            select $"{Repository.Name(path)} uses {used}";

        Empty(offences, "Only Peer knows all of Thaw.Protocol. Pass what you need as a root type or a small record of your own, and let Peer translate");
    }

    [Fact]
    public void Projects_only_use_the_projects_below_them()
    {
        var offences =
            from path in Repository.Files("src", "*.csproj")
            let project = Path.GetFileNameWithoutExtension(path)
            from reference in XDocument.Load(path).Descendants("ProjectReference")
            let used = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))
            where !ProjectsMayUse.GetValueOrDefault(project, []).Contains(used)
            select $"{project} uses {used}";

        Empty(offences, "Hosts hand engines and loops to the protocol, never the other way round. If the arrow is meant, draw it in ProjectsMayUse and in ARCHITECTURE.md");
    }

    [Fact]
    public void The_protocol_reaches_no_socket_clock_task_or_logger()
    {
        var strangers = typeof(IMachine).Assembly.GetReferencedAssemblies().Select(name => name.Name!).Except(ProtocolMayReference);

        Empty(strangers, "Thaw.Protocol is pure. Pure computation may be added to ProtocolMayReference; whatever waits, prints or opens belongs in Thaw.Net or a host");
    }

    [Theory]
    [InlineData("System.Net.Sockets")]
    [InlineData("System.Net.NameResolution")]
    [InlineData("System.Net.NetworkInformation")]
    [InlineData("System.Threading")]
    [InlineData("System.Threading.Channels")]
    [InlineData("System.Threading.Thread")]
    [InlineData("System.Console")]
    [InlineData("System.Diagnostics.Process")]
    [InlineData("Microsoft.Extensions.Logging.Abstractions")]
    public void The_golden_list_never_grows_by_one_of_these(string assembly) => Assert.DoesNotContain(assembly, ProtocolMayReference);

    private static string FolderOf(string path)
        => Path.GetRelativePath(Repository.PathOf("src", "Thaw.Protocol"), path).Split(Path.DirectorySeparatorChar) is [var folder, _, ..] ? folder : "";

    private static bool IsNamespaceOf(string code, Match match)
        => code.AsSpan(0, match.Index).TrimEnd().EndsWith("namespace", StringComparison.Ordinal);

    private static void Empty(IEnumerable<string> offences, string advice)
    {
        string[] found = [.. offences];
        Assert.True(found is [], $"{advice}:{SourceText.Bullets(found)}");
    }
}
