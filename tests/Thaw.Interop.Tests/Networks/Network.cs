namespace Thaw.Interop.Tests.Networks;

/// <summary>One kind of network between a browser and a server, and what shall come of a call over it.</summary>
/// <param name="Name">As the table in docs/guides/networks-we-connect-through.md has it.</param>
/// <param name="Expected">The path that carries the call (<see cref="Outcome.Path"/>), or the page's verdict.</param>
/// <param name="Budget">From dialling to bot-ready, or to the verdict.</param>
internal sealed record Network(string Name, string Expected, TimeSpan Budget)
{
    public Nat Client { get; init; } = Nat.PortRestricted;

    public Nat Server { get; init; } = Nat.None;

    /// <summary>Each way.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What the client's router passes on (nft); all of it without.</summary>
    public string Home { get; init; } = "";

    public string Internet { get; init; } = "";

    public string Site { get; init; } = "";

    /// <summary>More flags for <c>thaw serve</c>.</summary>
    public string[] Serve { get; init; } = [];

    /// <summary>The page's <c>iceServers</c>, in JavaScript; null for those that the server gives it.</summary>
    public string? IceServers { get; init; } = "[]";

    /// <summary>Whether <c>thaw serve</c> has a certificate.</summary>
    public bool Https { get; init; }

    /// <summary>Whether there is a TURN server.</summary>
    public bool Relay { get; init; }

    public override string ToString() => Name;
}

/// <summary>What came of it, and for how much of that time this machine had too much to do.</summary>
/// <param name="Path">Whose candidates carry the media, and over what: "host-host udp". Empty without a connection.</param>
/// <param name="Verdict">The page's code for what went wrong. Empty with a connection.</param>
internal sealed record Outcome(string Path, string Verdict, string Words, TimeSpan Took, TimeSpan Starved)
{
    public bool IsWithin(TimeSpan budget) => Took - Starved <= budget;

    public string Summary => Path.Length > 0 ? Path : Verdict;
}
