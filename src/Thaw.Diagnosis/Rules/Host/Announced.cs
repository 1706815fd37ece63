using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>Addresses that the server named.</summary>
internal static class Announced
{
    public static bool IsSpecial(AddressClass c) => c is AddressClass.Container or AddressClass.Vm or AddressClass.Loopback or AddressClass.Unspecified;

    /// <summary>The page was fetched from somewhere that is not the local network.</summary>
    public static bool IsFromOutside(Attempt a) => a.OfferSent is { Host: { } host } && AddressClasses.Of(host) is AddressClass.Public or AddressClass.Name && host is not "localhost";

    /// <summary>All that the server named is of these classes; null where it named nothing.</summary>
    public static Fact.Candidate? Only(Attempt a, params ReadOnlySpan<AddressClass> classes)
    {
        foreach (var candidate in a.Remote)
            if (!classes.Contains(candidate.Class)) return null;
        return a.Remote is [var first, ..] ? first : null;
    }
}
