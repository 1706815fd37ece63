using Thaw.Protocol.Turn;

namespace Thaw.Protocol.Gathering;

public sealed partial class Gatherer
{
    /// <summary>
    /// The connection stands. From here on a Transmit from <paramref name="local"/> to the server, both with
    /// <see cref="TransportProtocol.Tcp"/>, goes onto that stream, and what is received from it comes as datagrams with
    /// these addresses: whole messages both ways (<see cref="TurnFraming"/>).
    /// </summary>
    /// <param name="local">With <see cref="TransportProtocol.Tcp"/>; no two connections to one server have the same.</param>
    public void Connected(int id, TransportAddress local, Instant now)
    {
        if (Find(id) is not { Stage: RelayStage.Dialling } path) return; // no longer wanted, as it was told
        path.Base = local.Over(TransportProtocol.Tcp);
        Open(path, path.Base, now);
    }

    /// <summary>The dial failed, or the stream ended. It is dialled anew, later, under another id.</summary>
    /// <param name="why">For the observation.</param>
    public void Disconnected(int id, string why, Instant now)
    {
        Forget(id);
        if (Find(id) is not { } path) return;
        path.Connection = 0;
        if (path.Stage is RelayStage.Held) OnLost(path, GatheringFailure.ConnectionFailed, now);
        else Fail(path, GatheringFailure.ConnectionFailed, 0, why, now);
        Conclude();
    }

    private ServerPath? Find(int connection) => connection == 0 ? null : _paths.Find(path => path.Connection == connection);

    private void Dial(ServerPath path, Instant now)
    {
        path.Stage = RelayStage.Dialling;
        path.StartAt = now + _options.DialDeadline;
        path.Connection = ++_lastConnection;
        path.Base = default;
        string name = path.Server.HostName.Length > 0 ? path.Server.HostName : path.Server.Address.Address.ToString();
        Tell(new GatheringEvent.ConnectionWanted(path.Connection, path.Target, path.Server.Tls, name));
    }

    private void Hang(ServerPath path)
    {
        if (path.Connection == 0) return;
        Tell(new GatheringEvent.ConnectionUnwanted(path.Connection));
        path.Connection = 0;
        path.Base = default;
    }
}
