using System.Globalization;

namespace Thaw.Diagnosis.Rules;

internal static class Seconds
{
    /// <summary>As <c>5.2 s</c>.</summary>
    public static string Of(double ms) => string.Create(CultureInfo.InvariantCulture, $"{ms / 1000:0.0} s");
}
