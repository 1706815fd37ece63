namespace Thaw.IceServers;

/// <summary>How a pool keeps its sources fresh.</summary>
public sealed record IceServerPoolOptions
{
    /// <summary>
    /// What credentials are asked for. A shared one is renewed at half of its life, so that a new call gets half of this at
    /// least; calls that last longer are given new ones in mid-call.
    /// </summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long somebody who has just come may wait for the first answer of every provider; offers never wait.</summary>
    public TimeSpan ColdStart { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A clock that is off by more is worth a warning: relays judge expiry by theirs.</summary>
    public TimeSpan TolerableSkew { get; init; } = TimeSpan.FromSeconds(30);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Hears what becomes of the sources that are asked ahead, from any thread.</summary>
    public Action<IceSourceState> Changed { get; init; } = static _ => { };

    /// <summary>0 to 1, for the jitter of retries.</summary>
    public Func<double> Random { get; init; } = System.Random.Shared.NextDouble;
}
