using Thaw.Diagnosis.Facts;
using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

/// <summary>The browser hides its addresses behind names that only its own link can resolve.</summary>
internal static class MdnsUnresolvable
{
    public static readonly Rule Rule = new("mdns-unresolvable", Scope.Path,
        a =>
        {
            if (a.Answered is not null || a.Local.Count == 0 || !a.Local.All(c => c.Class is AddressClass.Mdns)) return null;
            var server = a.Server is { Path: PathFinding.NothingNamed, Remote.HostNames: > 0 } named ? named : null;
            if (server is null && a.Silence is null) return null;
            if (server is null && (a.Remote.Any(c => c.Class is AddressClass.Public or AddressClass.Container or AddressClass.Vm) || a.Server is not null)) return null;
            return Finding.Of(server is null ? 0.5 : 0.9, server.As("the server could not find out what these names stand for, and heard nothing"), a.Local[0].As("the browser names only a name that it made up"), a.Silence.As("no check was answered"))
                ?.Or("no-ice-servers-configured", server is null ? 0.3 : 0.05, "the server's word on .local names");
        },
        a => a.Local.FirstOrDefault(c => c.Class is not AddressClass.Mdns).As("the browser names an address and not only a made-up name"));
}
