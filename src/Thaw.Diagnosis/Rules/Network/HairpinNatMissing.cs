using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Both sides stand behind one router, which does not turn packets around.</summary>
internal static class HairpinNatMissing
{
    public static readonly Rule Rule = new("hairpin-nat-missing", Scope.Path,
        a => a.Silence is { } silence && a.Srflx is { } ours && a.Relay is null
                && a.Remote.FirstOrDefault(c => c.Address == ours.Address && c.Class is AddressClass.Public && c.Type is not CandidateKind.Relay) is { } theirs
            ? Finding.Of(0.75, theirs.As("the other side has the same address outside as we"), ours.As("this is ours"), silence.As("and no packet comes back from it"))?.Or("server-inbound-udp-closed", 0.2, "the same call from outside: it connects, if it is this") : null);
}
