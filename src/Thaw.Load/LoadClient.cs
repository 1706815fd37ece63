using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Relay.Udp;

namespace Thaw.Load;

/// <summary>One client of the server, and its peer.</summary>
internal sealed class LoadClient(EdgeSocket socket, EdgeSocket peer)
{
    public EdgeSocket Socket { get; set; } = socket;

    public EdgeSocket Peer { get; } = peer;

    public LoadStep Step { get; set; }

    public TransportAddress Relayed { get; set; }

    public byte[] Nonce { get; set; } = [];

    public TransactionId Transaction { get; set; }

    /// <summary>How often the request in hand was sent.</summary>
    public int Attempts { get; set; }

    /// <summary>How often it took another socket.</summary>
    public int Moves { get; set; }
}

/// <summary>What a client does next; the answer leads to the one below.</summary>
internal enum LoadStep { Challenge, Allocate, Permit, Bind, Ready, Release, Gone, Refused }
