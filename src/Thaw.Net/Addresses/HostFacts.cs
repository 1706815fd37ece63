using System.Net.NetworkInformation;

namespace Thaw.Net.Addresses;

/// <summary>Where this process runs, as far as the machine itself tells: nothing here asks the network.</summary>
public sealed record HostFacts
{
    public ContainerKind Container { get; init; }

    /// <summary>A platform that passes HTTP on and nothing else; null where there is none.</summary>
    public string? HttpOnlyPlatform { get; init; }

    public CloudProvider Cloud { get; init; }

    public bool IsWsl { get; init; }

    /// <summary>The DMI strings are those of a desktop hypervisor.</summary>
    public bool IsDesktopVm { get; init; }

    public IReadOnlyList<InterfaceAddress> Addresses { get; init; } = [];

    /// <summary>In a container whose network is its own: nothing but virtual pairs and what a user-mode network makes.</summary>
    public bool IsBridgedContainer => Container is not ContainerKind.None
        && Addresses.Count > 0 && Addresses.All(a => a.Kind is not InterfaceKind.Ordinary || a.IsVirtualPair);

    /// <param name="read">The beginning of a file; null if it is not there.</param>
    /// <param name="variable">An environment variable; null if it is not set.</param>
    public static HostFacts From(Func<string, string?> read, Func<string, string?> variable, IReadOnlyList<InterfaceAddress> addresses) => new()
    {
        Container = ContainerOf(read, variable),
        HttpOnlyPlatform = PlatformOf(variable),
        Cloud = CloudOf(read),
        IsWsl = Contains(read("/proc/version"), "microsoft"),
        IsDesktopVm = HypervisorNames.Any(name => Contains(Dmi(read, "sys_vendor"), name) || Contains(Dmi(read, "product_name"), name)),
        Addresses = addresses,
    };

    /// <summary>What a system does not say is absent.</summary>
    public static HostFacts Read()
    {
        IReadOnlyList<InterfaceAddress> addresses = [];
        try
        {
            addresses = SystemInterfaces.Read();
        }
        catch (NetworkInformationException)
        {
            // Some systems do not tell everyone.
        }

        return From(SystemFiles.Read, Environment.GetEnvironmentVariable, addresses);
    }

    private static readonly string[] HypervisorNames = ["innotek", "VirtualBox", "VMware", "Parallels", "QEMU"];

    private static ContainerKind ContainerOf(Func<string, string?> read, Func<string, string?> variable)
    {
        string groups = read("/proc/1/cgroup") ?? "";
        if (variable("KUBERNETES_SERVICE_HOST") is not null || Contains(groups, "kubepods")) return ContainerKind.Kubernetes;
        if (read("/run/.containerenv") is not null || variable("container") is "podman" || Contains(groups, "libpod")) return ContainerKind.Podman;
        if (read("/.dockerenv") is not null || Contains(groups, "docker")) return ContainerKind.Docker;
        return variable("container") is { Length: > 0 } || variable("DOTNET_RUNNING_IN_CONTAINER") is "true" || Contains(groups, "lxc") || Contains(groups, "containerd")
            ? ContainerKind.Other : ContainerKind.None;
    }

    private static string? PlatformOf(Func<string, string?> variable)
        => variable("K_SERVICE") is not null && variable("K_REVISION") is not null ? "Cloud Run"
        : variable("WEBSITE_INSTANCE_ID") is not null ? "Azure App Service"
        : variable("DYNO") is not null ? "Heroku"
        : null;

    // https://www.freedesktop.org/software/systemd/man/systemd-detect-virt.html looks at the same strings.
    private static CloudProvider CloudOf(Func<string, string?> read)
        => Contains(Dmi(read, "sys_vendor"), "Amazon EC2") || Contains(Dmi(read, "bios_version"), "amazon") ? CloudProvider.Aws
        : Contains(Dmi(read, "product_name"), "Google Compute Engine") ? CloudProvider.GoogleCloud
        : Dmi(read, "chassis_asset_tag") is "7783-7084-3265-9085-8269-3286-77" ? CloudProvider.Azure // every Azure machine's, and no other Hyper-V's
        : Contains(Dmi(read, "chassis_asset_tag"), "OracleCloud") ? CloudProvider.Oracle
        : Contains(Dmi(read, "sys_vendor"), "Alibaba Cloud") ? CloudProvider.Alibaba
        : CloudProvider.None;

    private static string? Dmi(Func<string, string?> read, string name) => read($"/sys/class/dmi/id/{name}");

    private static bool Contains(string? text, string words) => text?.Contains(words, StringComparison.OrdinalIgnoreCase) is true;
}

public enum ContainerKind { None, Docker, Podman, Kubernetes, Other }

/// <summary>Those that give a machine a private address and translate a public one to it.</summary>
public enum CloudProvider { None, Aws, GoogleCloud, Azure, Oracle, Alibaba }
