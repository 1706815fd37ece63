using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class VmOrWslNat
{
    public static readonly Rule Rule = new("vm-or-wsl-nat", Scope.Path,
        a => a.Answered is not null ? null
            : a.Established("vm-or-wsl-nat") is { } said ? Finding.Of(0.88, said)
            : a.Silence is { } silence && Announced.Only(a, AddressClass.Vm) is { } inner ? Finding.Of(0.85, inner.As("the server names an address of its virtual machine's own network only"), silence.As("from outside nothing gets there"))
            : null);
}
