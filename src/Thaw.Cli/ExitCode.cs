namespace Thaw.Cli;

/// <summary>The same numbers for every verb, so that scripts can tell a finding from a crash.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Warnings = 1;      // with --strict: works, but not for everyone
    public const int Found = 2;         // the check ran and found why it cannot work
    public const int Inconclusive = 3;  // the check ran, and could not see what it was asked to
    public const int CannotRun = 4;     // a port is taken, the network or a permission is missing
    public const int Usage = 64;        // sysexits.h
    public const int Unreadable = 65;   // sysexits.h
    public const int NoInput = 66;      // sysexits.h
    public const int Internal = 70;     // sysexits.h
    public const int Interrupted = 130; // 128 + SIGINT
}
