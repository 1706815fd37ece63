namespace Thaw.IceServers;

/// <summary>Which end of a call the servers are for; each has credentials of its own, so that neither uses up the other's quota.</summary>
public enum IceAudience { Browser, Backend }

/// <param name="User">Letters, digits and dashes: told apart in the relay's log and quotas.</param>
/// <param name="Lifetime">How long the credential should last; a provider may give less.</param>
/// <param name="Host">The name or address, without port and brackets, by which this client has reached us; null where nobody knows.</param>
public sealed record IceServerRequest(IceAudience Audience, string User, TimeSpan Lifetime, string? Host = null)
{
    /// <summary>How the client came to have our host and port; null where nobody knows.</summary>
    public ReachedBy? ReachedBy { get; init; }
}

/// <summary>By what host and port a client has reached our HTTP port: where it can come again.</summary>
/// <param name="Host">As a URL has it, an IPv6 address in brackets; null where the client said nothing sane.</param>
/// <param name="IsDirect">No proxy took the connection, as far as it shows: the same host and port lead to this process.</param>
public sealed record ReachedBy(string? Host, int Port, bool IsTls, bool IsDirect);
