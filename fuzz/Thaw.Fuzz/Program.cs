using System.Diagnostics;
using SharpFuzz;
using Thaw.Fuzz;

const string Usage = """
    Thaw.Fuzz --list                      the targets
    Thaw.Fuzz TARGET                      run under afl-fuzz
    Thaw.Fuzz TARGET --replay FILE|DIR    run each input once; an exception names its file and ends the run
    Thaw.Fuzz TARGET --write-seeds DIR    write the seeds that the target makes by code
    """;

if (args is ["--list"])
{
    foreach (var known in FuzzTarget.All) Console.WriteLine(known.Name);
    return 0;
}

if (args is not [var name, ..] || FuzzTarget.All.FirstOrDefault(target => target.Name == name) is not { } target)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

switch (args[1..])
{
    case []: Fuzz(target); return 0;
    case ["--replay", var path]: return Replay(target, path);
    case ["--write-seeds", var folder]: WriteSeeds(target, folder); return 0;
    default: Console.Error.WriteLine(Usage); return 2;
}

// Out of process, because a stack overflow or an endless loop would otherwise take the fuzzer with it.
static void Fuzz(FuzzTarget target)
    => Fuzzer.OutOfProcess.Run(stream =>
    {
        using var input = new MemoryStream();
        stream.CopyTo(input);
        target.Run(input.ToArray());
    });

static int Replay(FuzzTarget target, string path)
{
    string[] files = Directory.Exists(path) ? Directory.GetFiles(path) : [path];
    foreach (string file in files.Order(StringComparer.Ordinal))
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            target.Run(File.ReadAllBytes(file));
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"{file}: {e}");
            return 1;
        }

        Console.WriteLine($"{file}: {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F1} ms");
    }

    return 0;
}

static void WriteSeeds(FuzzTarget target, string folder)
{
    Directory.CreateDirectory(folder);
    foreach (var seed in target.Seeds()) File.WriteAllBytes(Path.Combine(folder, seed.Name), seed.Bytes);
}
