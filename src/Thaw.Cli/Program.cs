using System.CommandLine;
using Thaw.Cli;
using Thaw.Cli.Configuration;

var root = CommandTree.Root();
var parsed = root.Parse(args);
if (parsed.Errors is { Count: > 0 } errors)
{
    foreach (var error in errors) Console.Error.WriteLine($"thaw: {error.Message}");
    Console.Error.WriteLine("Try --help.");
    return ExitCode.Usage;
}

if (parsed.GetResult(ConfigOption.File)?.GetValueOrDefault<ConfigFile>() is { IsImplicit: true } config) Console.Error.WriteLine($"thaw: reads {config.Path}, which is here.");

try
{
    // Signals are each verb's business; the exception handler would print a stack trace and exit with 1.
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (Exception e)
{
    Console.Error.WriteLine($"thaw: internal error: {e}");
    return ExitCode.Internal;
}
