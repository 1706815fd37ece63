using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class ServerAnnouncesUnreachableAddress
{
    public static readonly Rule Rule = new("server-announces-unreachable-address", Scope.Path,
        a =>
        {
            if (a.Answered is not null || PlatformWithoutUdp.IsKnown(a.Host?.Platform) || TunnelOnly.Via(a) is not null) return null;
            if (a.Established("server-announces-unreachable-address") is { } said) return Finding.Of(0.9, said);
            if (a.Silence is not { } silence || !Announced.IsFromOutside(a)) return null;
            var none = Announced.Only(a, AddressClass.Loopback, AddressClass.Unspecified);
            var inner = none ?? Announced.Only(a, AddressClass.Private, AddressClass.Link, AddressClass.Loopback, AddressClass.Unspecified);
            return inner is null ? null : Finding.Of(none is not null ? 0.92 : AddressClasses.Of(a.OfferSent!.Host!) is AddressClass.Public ? 0.88 : 0.72,
                inner.As("every address that the server names is one of its inner network"), a.OfferSent.As("the page reached it from outside that network"), silence.As("no check was answered"));
        },
        a => a.Remote.FirstOrDefault(c => c.Class is AddressClass.Public).As("the server names a public address"));
}
