using System.Diagnostics;
using Xunit;

namespace Thaw.Interop.Tests;

/// <summary>The peers that we did not write. A test whose peer is absent skips and says what to install.</summary>
internal static class Executables
{
    /// <summary>Debian's own interpreter: another python3 on the PATH does not see Debian's python3-aiortc.</summary>
    public const string Python = "/usr/bin/python3";

    public static string Chromium => Find("chromium", "chromium");

    public static string Firefox => Find("firefox-esr", "firefox-esr");

    public static string Find(string name, string package)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{name} is not installed (Debian package {package})");
        return path!;
    }

    public static void RequireAiortc()
    {
        Assert.SkipUnless(File.Exists(Python), "python3 is not installed");
        using var probe = Process.Start(new ProcessStartInfo(Python, ["-c", "import aiortc"]) { RedirectStandardError = true })!;
        bool found = probe.WaitForExit(TimeSpan.FromSeconds(20)) && probe.ExitCode == 0;
        Assert.SkipUnless(found, "aiortc is not installed (Debian package python3-aiortc)");
    }

    public static void RequireNetworkNamespaces()
        => Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists(Find("ip", "iproute2")),
            "network namespaces need Linux and root");
}
