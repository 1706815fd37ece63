using System.CommandLine;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw bench</c>: what a server of whatever make can do.</summary>
internal static class Bench
{
    public static Command Command() => new("bench", "Measure a server.") { BenchRelay.Command() };
}
