namespace Thaw.Diagnosis.Causes;

/// <summary>One way for a call to hang, in words for whoever has it.</summary>
/// <param name="Id">Stable; rules, probes, the relay and the audit name it.</param>
/// <param name="Title">One line, without full stop.</param>
/// <param name="Explanation">What happens, in plain words; the technical term in brackets.</param>
/// <param name="Where">Whose it is: browser, our client, our server, turn, network-client, network-server.</param>
/// <param name="Verify">How to see that the fix worked.</param>
/// <param name="Refines">The more general cause that this is a case of.</param>
/// <param name="Unruled">Why no rule finds it by itself; null where one does.</param>
public sealed record Cause(
    string Id, string Title, string Explanation, string Where, IReadOnlyList<Fix> Fixes, string Verify, IReadOnlyList<string> Sources, string? Refines = null, string? Unruled = null)
{
    /// <summary>The data file that it is from.</summary>
    public Layer Layer { get; init; }
}

/// <param name="Snippet">To copy and paste; lines are separated by line feeds.</param>
public sealed record Fix(Role Who, string Do, string? Snippet = null);

public enum Role { Person, Developer, ServerAdmin, NetworkAdmin }

/// <summary>One data file each, in the order of a call.</summary>
public enum Layer { Page, Signalling, Gathering, Turn, Network, Host, Ice, Transport, Application }
