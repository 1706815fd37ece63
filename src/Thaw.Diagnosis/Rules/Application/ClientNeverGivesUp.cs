using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>No end and no reason: it starts over, or does nothing at all.</summary>
internal static class ClientNeverGivesUp
{
    private const double Long = 60_000; // ms
    private const double Idle = 10_000;

    public static readonly Rule Rule = new("client-never-gives-up", Scope.Connecting,
        a =>
        {
            var retries = a.Of<Fact.Client>().Where(c => c.Step is ClientStep.Retry).ToArray();
            if (retries.Length >= 3) return Finding.Of(0.62, retries[^1].As($"the page started over {retries.Length} times, with the same end each time"));
            var again = a.Of<Fact.Client>().Where(c => c.Step is ClientStep.Connect).Skip(1).LastOrDefault();
            if (again is not null && a.Now - again.T >= Idle && a.Facts.All(fact => fact.T <= again.T || fact is Fact.Still or Fact.Client)) return Finding.Of(0.72, again.As($"a second connect() of the same client, and nothing has happened for {Seconds.Of(a.Now - again.T)}"));
            return a.Now >= Long && a.Connection is [.., { Value: "new" or "connecting" } open] && a.Failed is null && a.Now - open.T >= Long ? Finding.Of(0.45, open.As($"still \"{open.Value}\" after {Seconds.Of(a.Now - open.T)}, and no timer ends it")) : null;
        });
}
