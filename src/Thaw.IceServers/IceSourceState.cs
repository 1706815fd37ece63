namespace Thaw.IceServers;

/// <summary>Local: it needs nobody. Waiting: not asked yet. Stale: the last answer still serves, the provider is down. Failing: there is nothing.</summary>
public enum IceSourceHealth { Local, Waiting, Fresh, Stale, Failing }

/// <summary>How a source is, for <c>/readyz</c> and the log. No secrets, no addresses.</summary>
/// <param name="Audience">Null for a local source: it serves both.</param>
/// <param name="Error">Why the latest attempt failed.</param>
/// <param name="RetryIn">Until the next attempt, as of the latest.</param>
/// <param name="ClockSkew">How far the provider's clock is ahead of ours, where that is worth a word.</param>
/// <param name="Warnings">Codes of what is odd about the servers that it granted.</param>
public sealed record IceSourceState(
    string Name, IceAudience? Audience, IceSourceHealth Health, int Servers = 0, DateTimeOffset? LastSuccess = null, DateTimeOffset? ExpiresAt = null,
    string? Error = null, TimeSpan? RetryIn = null, TimeSpan? ClockSkew = null, IReadOnlyList<string>? Warnings = null);
