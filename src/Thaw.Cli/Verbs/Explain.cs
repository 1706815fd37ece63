using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Thaw.Diagnosis.Facts;
using Thaw.Diagnosis.Verdicts;

namespace Thaw.Cli.Verbs;

/// <summary><c>thaw explain FILE</c>: why a recorded attempt did not connect, and what to do. Offline; nothing leaves the machine.</summary>
internal static class Explain
{
    private const int MaxBytes = 64 * 1024 * 1024;

    private static readonly Argument<FileInfo> File = new("file") { Description = "A trace (trace/1): one JSON object a line." };
    private static readonly Option<bool> Json = new Option<bool>("--json") { Description = "Print the verdict as JSON (verdict/1)." }.OrVariable("THAW_EXPLAIN_JSON");
    private static readonly Option<bool> Strict = new Option<bool>("--strict") { Description = "A call that works, and not well, counts too: exit with 1." }.OrVariable("THAW_EXPLAIN_STRICT");
    private static readonly Option<bool> Redact = new Option<bool>("--redact") { Description = "Put tokens such as public-1 in place of addresses: the output can be shown to anyone." }.OrVariable("THAW_EXPLAIN_REDACT");

    public static Command Command()
    {
        var command = new Command("explain", "Read the recording of an attempt to connect and say why it failed, with proof and fix.") { File, Json, Strict, Redact };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        var file = parsed.GetValue(File)!;
        byte[] bytes;
        try
        {
            if (file.Exists && file.Length > MaxBytes) return Complain($"{file.Name} has more than {MaxBytes >> 20} MB.", ExitCode.Unreadable);
            bytes = System.IO.File.ReadAllBytes(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Complain(e.Message, ExitCode.NoInput);
        }

        if (Of(bytes, parsed.GetValue(Redact)) is not { } verdict) return Complain($"{file.Name} is no trace: its first line should be {TraceWriter.Head}", ExitCode.Unreadable);

        int exit = verdict.ExitCode == ExitCode.Ok && verdict.RootCause is not null && parsed.GetValue(Strict) ? ExitCode.Warnings : verdict.ExitCode;
        if (parsed.GetValue(Json)) Console.Out.WriteLine(VerdictJson.Text(verdict with { ExitCode = exit }));
        else foreach (string line in VerdictText.Lines(verdict)) Console.Out.WriteLine(line);
        return exit;
    }

    /// <summary>Null where nothing of it is a trace.</summary>
    internal static Verdict? Of(byte[] bytes, bool isRedacted)
    {
        byte[] shown = bytes;
        if (isRedacted)
        {
            var redaction = new Redaction();
            shown = Encoding.UTF8.GetBytes(string.Join('\n', Encoding.UTF8.GetString(bytes).Split('\n').Select(redaction.Of)));
        }

        var trace = TraceReader.Read(shown);
        if (!trace.HasHead && trace.Facts is []) return null;

        List<string> notes = [];
        if (!trace.HasHead) notes.Add("it has no head line");
        if (trace.UnknownKinds > 0) notes.Add($"{trace.UnknownKinds} lines of kinds that this version does not know");
        if (trace.Malformed > 0) notes.Add($"{trace.Malformed} lines are no facts");
        if (trace.LeftOut > 0) notes.Add($"{trace.LeftOut} lines beyond {TraceReader.MaxFacts} were left out");
        var input = new Input("in1", "trace", Convert.ToHexStringLower(SHA256.HashData(bytes)), trace is { Malformed: 0, LeftOut: 0 }, notes);
        return Judgement.Of(trace.Facts, trace.Text, input, isRedacted);
    }

    private static int Complain(string what, int exit)
    {
        Console.Error.WriteLine($"thaw: {what}");
        return exit;
    }
}
