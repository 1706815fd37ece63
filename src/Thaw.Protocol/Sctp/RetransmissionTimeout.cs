namespace Thaw.Protocol.Sctp;

/// <summary>RTO from measured round trips (RFC 9260 §6.3.1), doubled by each expiry until the next measurement.</summary>
internal struct RetransmissionTimeout(SctpOptions options)
{
    // A lone DATA chunk is acknowledged up to 200 ms late (§6.2), so the variance term never goes below that plus slack.
    private static readonly TimeSpan LeastVarianceTerm = TimeSpan.FromMilliseconds(250);

    private TimeSpan? _smoothed;
    private TimeSpan _variance;

    public TimeSpan Current { get; private set; } = options.RtoInitial;

    public void Measure(TimeSpan roundTrip)
    {
        if (_smoothed is not { } smoothed)
        {
            _smoothed = roundTrip;
            _variance = roundTrip / 2;
        }
        else
        {
            _variance = _variance * 0.75 + (smoothed - roundTrip).Duration() * 0.25; // RTO.Beta = 1/4
            _smoothed = smoothed * 0.875 + roundTrip * 0.125;                        // RTO.Alpha = 1/8
        }

        Current = FromMeasurements();
    }

    public void BackOff() => Current = Least(Current * 2, options.RtoMax);

    /// <summary>Forgets the doubling, not the measurements.</summary>
    public void EndBackOff() => Current = FromMeasurements();

    private readonly TimeSpan FromMeasurements()
    {
        if (_smoothed is not { } smoothed) return options.RtoInitial;
        var term = _variance * 4;
        var rto = smoothed + (term > LeastVarianceTerm ? term : LeastVarianceTerm);
        return Least(rto > options.RtoMin ? rto : options.RtoMin, options.RtoMax);
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
