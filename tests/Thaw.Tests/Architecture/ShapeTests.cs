using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Thaw.Protocol;
using Xunit;

namespace Thaw.Tests.Architecture;

/// <summary>Habits that would otherwise erode one file at a time. Loosen a number only in a commit that says why.</summary>
public sealed partial class ShapeTests
{
    private const int MaxFileLines = 400;

    private static readonly string[] MayWait = ["tests/Thaw.Tests/Dtls/DtlsLossTests.cs:"]; // BouncyCastle has a clock of its own

    private static readonly string[] CodeFolders = ["src", "tests", "fuzz", "bench"];

    [Fact]
    public void No_source_file_outgrows_its_budget()
    {
        var offences =
            from path in Repository.Files("src", "*.cs")
            let lines = File.ReadLines(path).Count()
            where lines > MaxFileLines
            select $"{Repository.Name(path)} has {lines} lines";

        Empty(offences, $"A file of more than {MaxFileLines} lines does more than one thing: split it into partials named by concern, or into types");
    }

    [Fact]
    public void Nothing_is_async_void()
        => Empty(CodeFolders.SelectMany(folder => SourceText.Find(folder, AsyncVoid())), "Nobody can await or catch these. Return a Task, or post to the loop");

    [Fact]
    public void No_fast_test_waits_for_the_clock()
        => Empty(SourceText.Find(Path.Combine("tests", "Thaw.Tests"), Waiting()).Where(found => !MayWait.Any(found.StartsWith)),
            "Fast tests live in simulated time: Advance the machine, or await the event itself. What must really wait belongs in Thaw.Interop.Tests");

    [Fact]
    public void Every_protocol_type_is_closed()
    {
        var offences = typeof(IMachine).Assembly.GetTypes()
            .Where(type => type.IsClass && !type.IsSealed && !IsGenerated(type) && !IsClosedHierarchy(type))
            .Select(type => type.FullName!);

        Empty(offences, "Nobody inherits by accident: make it sealed or static; abstract only if internal, or with a private constructor if it is a sum of cases");
    }

    [Fact]
    public void No_file_names_a_path_of_the_machine_it_was_written_on()
    {
        byte[][] needles = [.. new[] { "work", "farm" }.Select(name => Encoding.ASCII.GetBytes("/" + name + "/"))];

        var offences =
            from path in Repository.Files("")
            let bytes = File.ReadAllBytes(path)
            from needle in needles
            where HasPath(bytes, needle)
            select $"{Repository.Name(path)} has {Encoding.ASCII.GetString(needle)}";

        Empty(offences, "The repository must mean the same on every machine: use a relative path, or find the root as Repository does");
    }

    [Fact]
    public void The_rules_see_code_and_not_prose()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "// Thread" + ".Sleep(1)\nvar s = \"Thread" + ".Sleep(2)\"; /* Thread" + ".Sleep(3) */ Thread" + ".Sleep(4);\n");
            Assert.Equal(1, Waiting().Count(SourceText.CodeOf(path)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static bool IsGenerated(Type type)
        => type.Name.StartsWith('<') || type.GetCustomAttribute<CompilerGeneratedAttribute>() is not null || type.DeclaringType is { } outer && IsGenerated(outer);

    // An abstract record's copy constructor is protected by decree of the compiler; it makes no case possible.
    private static bool IsClosedHierarchy(Type type)
        => type.IsAbstract && (!type.IsVisible || type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .All(constructor => constructor.IsPrivate || constructor.GetParameters() is [var only] && only.ParameterType == type));

    // A path begins here unless the slash goes on from a name: "frame/work/" and "a.b/work/" are no paths of a machine.
    private static bool HasPath(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> needle)
    {
        for (int at = bytes.IndexOf(needle); at >= 0;)
        {
            if (at == 0 || !(char.IsAsciiLetterOrDigit((char)bytes[at - 1]) || bytes[at - 1] is (byte)'.' or (byte)'_' or (byte)'-')) return true;
            int next = bytes[(at + 1)..].IndexOf(needle);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    private static void Empty(IEnumerable<string> offences, string advice)
    {
        string[] found = [.. offences];
        Assert.True(found is [], $"{advice}:{SourceText.Bullets(found)}");
    }

    [GeneratedRegex(@"\basync\s+void\b")]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"\b(Thread\s*\.\s*Sleep|Task\s*\.\s*Delay)\b")]
    private static partial Regex Waiting();
}
