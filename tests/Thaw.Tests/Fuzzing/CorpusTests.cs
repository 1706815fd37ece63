using System.Diagnostics;
using Thaw.Fuzz;
using Xunit;

namespace Thaw.Tests.Fuzzing;

public sealed class CorpusTests
{
    private const int MutationsPerTarget = 2_000;
    private static readonly TimeSpan Enough = TimeSpan.FromMilliseconds(100); // all targets together stay under 3 s
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(3); // typical is 50 µs; the rest is for a machine that pauses us

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory, MemberData(nameof(Targets))]
    public void The_corpus_and_mutations_of_it_do_no_harm(string name)
    {
        var target = FuzzTarget.All.Single(t => t.Name == name);
        byte[][] seeds = [.. Corpus(name)];
        Assert.True(seeds.Length > 0, $"Target {name} has no seed: put one into fuzz/corpus/{name}, or give the target a Seeds() and run it with --write-seeds.");

        foreach (byte[] seed in seeds) Check(target, seed);

        var mutations = new Mutations(number: 1);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < MutationsPerTarget && Stopwatch.GetElapsedTime(started) < Enough; i++) Check(target, mutations.Mutate(seeds[i % seeds.Length], seeds));
    }

    [Fact]
    public void Every_corpus_belongs_to_a_target()
    {
        var orphans = Directory.EnumerateDirectories(Repository.PathOf("fuzz", "corpus")).Select(Path.GetFileName)
            .Except(FuzzTarget.All.Select(target => target.Name));
        Assert.True(!orphans.Any(), $"No target reads fuzz/corpus/{string.Join(", ", orphans)}: rename the folder or write the target.");
    }

    private static IEnumerable<byte[]> Corpus(string name)
        => Repository.Files(Path.Combine("fuzz", "corpus", name)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    private static void Check(FuzzTarget target, byte[] input)
    {
        long started = Stopwatch.GetTimestamp();
        var fault = Record.Exception(() => target.Run(input));
        var took = Stopwatch.GetElapsedTime(started);

        if (fault is not null || took > Slow)
            Assert.Fail($"""
                {target.Name}: {fault?.ToString() ?? $"took {took.TotalSeconds:F1} s"}
                To keep the input: base64 -d > fuzz/corpus/{target.Name}/NAME, then mend the parser. Input, {input.Length} bytes:
                {Convert.ToBase64String(input)}
                """);
    }
}
