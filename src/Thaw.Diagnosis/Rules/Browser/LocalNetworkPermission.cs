using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>The system swallows packets to the local network. Nothing but the circumstances shows it.</summary>
internal static class LocalNetworkPermission
{
    public static readonly Rule Rule = new("local-network-permission", Scope.Path,
        a => a.Silence is { } silence && a.ServerHeardNothing is true && a.Page is { System: { } system } page && system.Contains("mac", StringComparison.OrdinalIgnoreCase) && a.OfferAnswered is { Host: { } host } answered
                && AddressClasses.Of(host) is AddressClass.Private && a.Remote.Count > 0 && a.Remote.All(c => c.Class is AddressClass.Private)
            ? Finding.Of(0.5, page.As("macOS asks before a program may use the local network"), answered.As("HTTP reaches the server in the local network"), silence.As("UDP to the same network does not"))
                ?.Or("server-inbound-udp-closed", 0.4, "the same page in another browser: if it connects there, it is the permission")
            : null);
}
