namespace Thaw.Diagnosis.Rules;

internal static class PlatformWithoutUdp
{
    public static readonly Rule Rule = new("platform-without-udp", Scope.Path,
        a => a.Answered is not null ? null
            : a.Established("platform-without-udp") is { } said ? Finding.Of(0.92, said)
            : a.Host is { Platform: { } platform } host && IsKnown(platform) && a.Relay is null ? Finding.Of(0.85, host.As($"{platform} passes on HTTP, and no UDP"), a.Silence.As("no check was answered"))
            : null);

    /// <summary>Names as the self-check of a host gives them.</summary>
    public static bool IsKnown(string? platform) => platform is "cloud-run" or "app-engine" or "app-runner" or "heroku" or "lambda" or "vercel" or "render" or "azure-app-service";
}
