namespace Thaw.IceServers;

/// <summary>Which end of a call the servers are for; each has credentials of its own, so that neither uses up the other's quota.</summary>
public enum IceAudience { Browser, Backend }

/// <param name="User">Letters, digits and dashes: told apart in the relay's log and quotas.</param>
/// <param name="Lifetime">How long the credential should last; a provider may give less.</param>
/// <param name="Host">The name or address, without port and brackets, by which this client has reached us; null where nobody knows.</param>
public sealed record IceServerRequest(IceAudience Audience, string User, TimeSpan Lifetime, string? Host = null);
