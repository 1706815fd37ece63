using System.Reflection;
using System.Text.RegularExpressions;

namespace Thaw.Fuzz;

public delegate void FuzzRun(ReadOnlySpan<byte> input);

/// <summary>A seed that code makes, where a file made by hand would be a riddle. <c>--write-seeds</c> puts it into the corpus.</summary>
public sealed record Seed(string Name, byte[] Bytes);

/// <summary>
/// One parser under attack. A target is a static class in Targets/, named after it (<c>OfferJsonTarget</c> is
/// "offer-json"), with <c>Run(ReadOnlySpan&lt;byte&gt;)</c> and, if it likes, <c>IEnumerable&lt;Seed&gt; Seeds()</c>.
/// <c>Run</c> returns for good and bad input alike; an exception is a finding.
/// </summary>
public sealed partial record FuzzTarget(string Name, FuzzRun Run, Func<IEnumerable<Seed>> Seeds)
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. typeof(FuzzTarget).Assembly.GetTypes()
            .Where(type => type.Namespace == "Thaw.Fuzz.Targets" && type.Name.EndsWith("Target", StringComparison.Ordinal))
            .Select(From)
            .OrderBy(target => target.Name, StringComparer.Ordinal),
    ];

    private static FuzzTarget From(Type type)
    {
        const BindingFlags Flags = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var run = type.GetMethod("Run", Flags, [typeof(ReadOnlySpan<byte>)])
            ?? throw new InvalidOperationException($"{type.Name} has no static Run(ReadOnlySpan<byte>).");

        return new FuzzTarget(
            WordStart().Replace(type.Name[..^"Target".Length], "-$0").ToLowerInvariant(),
            run.CreateDelegate<FuzzRun>(),
            type.GetMethod("Seeds", Flags, [])?.CreateDelegate<Func<IEnumerable<Seed>>>() ?? (() => []));
    }

    [GeneratedRegex("(?<!^)[A-Z]")]
    private static partial Regex WordStart();
}
