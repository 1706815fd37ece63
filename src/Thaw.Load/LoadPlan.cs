using System.Net;
using System.Security.Cryptography;
using System.Text;
using Thaw.Protocol;

namespace Thaw.Load;

/// <summary>Clients of a TURN server, their peers, and what they send each other.</summary>
public sealed record LoadPlan
{
    /// <summary>The shortest payload: it carries when it was sent, by whom and in which run.</summary>
    public const int LeastBytes = 16;

    public required TransportAddress Server { get; init; }

    public required LoadCredential Credential { get; init; }

    /// <summary>One client each, with a socket of its own and a channel to its peer.</summary>
    public int Allocations { get; init; } = 100;

    /// <summary>Sockets that the peers share; 0: one for each client.</summary>
    public int Peers { get; init; }

    /// <summary>Where the clients are; null: the address from which the server is reached.</summary>
    public IPAddress? ClientAddress { get; init; }

    /// <summary>Where the peers are; null: beside the clients.</summary>
    public IPAddress? PeerAddress { get; init; }

    public int Bytes { get; init; } = 160; // 20 ms of G.711

    /// <summary>Datagrams that each sends at once.</summary>
    public int Burst { get; init; } = 1;

    /// <summary>Bursts leave as one that the system cuts up: cheaper here, and they arrive closer together.</summary>
    public bool Segments { get; init; }

    /// <summary>Clients that talk to the server at once while they allocate.</summary>
    public int InFlight { get; init; } = 64;

    /// <summary>Of the server, if it runs on this machine: for what it costs.</summary>
    public int? ProcessId { get; init; }
}

/// <summary>A name and its password. The password stays out of <see cref="ToString"/>.</summary>
public sealed record LoadCredential(string Username, string Password)
{
    /// <summary>Minted from a shared secret, as TURN's REST API has it: <c>expiry:user</c> and its HMAC-SHA1.</summary>
    public static LoadCredential Mint(string secret, DateTimeOffset expires)
    {
        string username = $"{expires.ToUnixTimeSeconds()}:load";
#pragma warning disable CA5350 // What every server that takes such credentials expects.
        byte[] mac = HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(username));
#pragma warning restore CA5350
        return new LoadCredential(username, Convert.ToBase64String(mac));
    }

    public override string ToString() => Username;
}

/// <summary>The load cannot begin, or nobody got an allocation; the message says why.</summary>
public sealed class LoadException(string message) : Exception(message);
