using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class ContainerNetwork
{
    public static readonly Rule Rule = new("container-network", Scope.Path,
        a => a.Answered is not null || PlatformWithoutUdp.IsKnown(a.Host?.Platform) ? null
            : a.Established("container-network") is { } said ? Finding.Of(0.88, said, a.Silence.As("no check was answered"))
            : a.Silence is { } silence && TunnelOnly.Via(a) is null && Announced.Only(a, AddressClass.Container) is { } inner
                ? Finding.Of(a.Host?.Platform is "docker" or "container" or "kubernetes" ? 0.92 : 0.8, inner.As("the server names an address of its container's network only"), silence.As("from outside nothing gets there"), a.Host.As("the server runs in a container"))
            : null,
        a => a.Remote.FirstOrDefault(c => c.Class is AddressClass.Public).As("the server names a public address"));
}
