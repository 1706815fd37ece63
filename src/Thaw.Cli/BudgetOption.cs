using System.Globalization;
using Thaw.Protocol.Peer;

namespace Thaw.Cli;

/// <summary>A <see cref="ConnectBudget"/> as text: <c>checks=7,dtls=8</c>, in seconds; what is not named keeps its default.</summary>
internal static class BudgetOption
{
    private const double Least = 0.1, Most = 300;

    private static readonly Dictionary<string, Func<ConnectBudget, TimeSpan, ConnectBudget>> Stages = new(StringComparer.Ordinal)
    {
        ["signalling"] = static (budget, time) => budget with { Signalling = time },
        ["candidates"] = static (budget, time) => budget with { Candidates = time },
        ["checks"] = static (budget, time) => budget with { Checks = time },
        ["path"] = static (budget, time) => budget with { Path = time },
        ["dtls"] = static (budget, time) => budget with { Dtls = time },
        ["sctp"] = static (budget, time) => budget with { Sctp = time },
        ["whole"] = static (budget, time) => budget with { Whole = time },
        ["media"] = static (budget, time) => budget with { FirstMedia = time },
        ["agent"] = static (budget, time) => budget with { AgentReady = time },
        ["recovery"] = static (budget, time) => budget with { Recovery = time },
    };

    public static string Expected { get; } = $"stage=seconds,... with seconds from 0.1 to 300 and a stage of {string.Join(", ", Stages.Keys)}";

    public static (bool Ok, ConnectBudget Value) Parse(string text)
    {
        var budget = new ConnectBudget();
        foreach (string part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=') is not [var name, var value] || !Stages.TryGetValue(name, out var with)) return (false, budget);
            if (!double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)) return (false, budget);
            if (seconds is not (>= Least and <= Most)) return (false, budget); // nor NaN
            budget = with(budget, TimeSpan.FromSeconds(seconds));
        }

        return (true, budget);
    }
}
