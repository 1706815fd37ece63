using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class ServerEventLoopStalled
{
    private const double Long = 2_000; // ms

    public static readonly Rule Rule = new("server-event-loop-stalled", Scope.Both,
        a => a.Of<Fact.Stall>().Where(stall => stall.Side is Side.Server && stall.Ms >= Long).MaxBy(stall => stall.Ms) is { } stall && (!a.IsConnected || a.OfferAnswered is { TookMs: > Long })
            ? Finding.Of(0.78, stall.As($"the server's process stood still for {Seconds.Of(stall.Ms)}"), a.OfferAnswered is { TookMs: > Long } slow ? slow.As("and answered the offer late") : null) : null);
}
