namespace Thaw.Diagnosis.Verdicts;

/// <summary>Numbers that mean the same for every verb of <c>thaw</c>.</summary>
public static class VerdictExit
{
    public const int Well = 0;
    public const int Warnings = 1;     // with --strict
    public const int Found = 2;        // it worked, and found a problem
    public const int Inconclusive = 3;

    /// <summary>From here on a script may act on it.</summary>
    public const double Threshold = 0.6;

    /// <summary>Below this no cause is named as the cause.</summary>
    public const double Inconclusiveness = 0.4;
}
