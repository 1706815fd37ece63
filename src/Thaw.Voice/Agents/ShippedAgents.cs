namespace Thaw.Voice.Agents;

/// <summary>The agents that need no key, no model and no account, by the name that <c>--agent</c> takes.</summary>
public static class ShippedAgents
{
    public static IReadOnlyDictionary<string, Func<IVoiceAgent>> ByName { get; } = new Dictionary<string, Func<IVoiceAgent>>
    {
        ["echo"] = static () => new EchoAgent(),
        ["tone"] = static () => new ToneAgent(),
        ["loopback"] = static () => new LoopbackAgent(),
    };
}
