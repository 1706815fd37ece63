using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;

namespace Thaw.Net;

/// <summary>What a host gives a new peer connection.</summary>
/// <param name="LocalCandidates">What an answer may name at this moment, best first, loopback ones included.</param>
/// <param name="UfragPrefix">Leads the username fragment and names the owning loop, so that a capture shows it.</param>
/// <param name="Random">Cryptographic and shared: thread-safe.</param>
/// <param name="Nat64">How IPv4 is reached from here, where there is none.</param>
public sealed record PeerSeat(IReadOnlyList<Candidate> LocalCandidates, string UfragPrefix, RandomNumberGenerator Random, Nat64Prefix? Nat64 = null);

/// <summary>Makes a peer connection; runs on the loop that will own it.</summary>
public delegate PeerConnection PeerFactory(PeerSeat seat, Instant now);
