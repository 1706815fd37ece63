namespace Thaw.Load;

public sealed partial class RelayLoad
{
    private const double LossLimit = 0.001;
    private const double Enough = 0.97;  // of what should have been sent: else it is the load that is at its end
    private const double Growth = 1.5;
    private const double Precision = 1.03;
    private const int Tries = 2;         // at each rate: another program's moment on the core is no limit of the server
    private const double Highest = 5e6;

    /// <summary>Looks for the highest rate at which at most one packet in a thousand is lost: grows, then halves the interval.</summary>
    /// <param name="perSecond">Where to begin; each way.</param>
    /// <param name="time">Of each try.</param>
    public PeakFigures FindPeak(double perSecond, TimeSpan time)
    {
        TrafficFigures? best = null;
        int probes = 0;
        bool limitedByLoad = false;
        double carried = 0, failed = 0;
        for (double rate = perSecond; failed == 0 && rate < Highest; rate *= Growth)
        {
            if (Carries(rate)) carried = rate;
            else failed = rate;
        }

        if (carried == 0) (carried, failed) = (perSecond / 8, perSecond);
        while (failed > carried * Precision)
        {
            double rate = Math.Sqrt(carried * failed);
            if (Carries(rate)) carried = rate;
            else failed = rate;
        }

        return new PeakFigures(LossLimit, probes, limitedByLoad, best);

        bool Carries(double rate)
        {
            for (int i = 0; i < Tries; i++)
            {
                probes++;
                var figures = Run(rate, time);
                limitedByLoad = figures.LostShare <= LossLimit && figures.SentShare < Enough;
                if (figures.LostShare > LossLimit || limitedByLoad) continue;
                best = figures;
                return true;
            }

            return false;
        }
    }
}
