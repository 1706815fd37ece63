namespace Thaw.IceServers;

/// <summary>Something that knows STUN and TURN servers: a list, a secret to mint credentials from, or a provider asked over HTTP.</summary>
public interface IIceServerSource
{
    /// <summary>For logs and <c>/readyz</c>: short, without secrets and addresses.</summary>
    string Name { get; }

    /// <summary>
    /// It answers at once and by itself, and is asked anew for every session. Others are asked ahead, apart from any session, and
    /// all clients share what they granted last.
    /// </summary>
    bool IsLocal { get; }

    /// <summary>Servers for one end. A local source returns a completed task and no servers where it has none for that end.</summary>
    /// <exception cref="IceSourceException">It has none to give now, and why.</exception>
    ValueTask<IceServerGrant> MintAsync(IceServerRequest request, CancellationToken cancel);
}
