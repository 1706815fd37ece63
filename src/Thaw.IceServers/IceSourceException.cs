namespace Thaw.IceServers;

/// <summary>A source has no servers to give now.</summary>
/// <param name="message">For a log line and <c>/readyz</c>: no secret, no address, nothing that a stranger wrote.</param>
/// <param name="retryAfter">When the provider wants to be asked again, if it said so.</param>
public sealed class IceSourceException(string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
