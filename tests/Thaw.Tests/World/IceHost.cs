using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;

namespace Thaw.Tests.World;

/// <summary>What an ICE host says to the other side, through whatever signalling there is.</summary>
internal abstract record Signal
{
    private Signal() { }

    public sealed record Local(Candidate Candidate) : Signal;

    /// <summary>Gathering is over.</summary>
    public sealed record EndOfCandidates : Signal;
}

/// <summary>Where an ICE host stands and whom it asks.</summary>
/// <param name="Listener">Passive ICE-TCP (RFC 6544), told to the peer.</param>
/// <param name="Dialer">Active ICE-TCP: an address that dials and is told to nobody.</param>
internal sealed record IceHostSetup(
    TransportAddress[] Bases, TransportAddress[] StunServers, TransportAddress? Listener = null, TransportAddress? Dialer = null);

/// <summary>An ICE agent together with its gathering, as a host would run them.</summary>
internal sealed class IceHost : IMachine
{
    private const ushort Preference = 65535;

    private readonly IceHostSetup _setup;
    private readonly RandomNumberGenerator _random;
    private readonly Queue<object> _signals = [];
    private readonly List<Query> _queries = [];
    private bool _hasBegun, _hasEnded;

    public IceHost(IceRole role, string name, IceHostSetup setup, RandomNumberGenerator random, Instant now)
    {
        _setup = setup;
        _random = random;
        Agent = new IceAgent(role, IceCredentials.Create(random, name[..1]), random, now);
    }

    public IceAgent Agent { get; }

    public bool HasGathered => _hasEnded;

    /// <summary>Starts gathering: hosts at once, the rest as servers answer.</summary>
    public void Begin(Instant now)
    {
        if (_hasBegun) return;
        _hasBegun = true;
        for (int i = 0; i < _setup.Bases.Length; i++) Learn(CandidateType.Host, _setup.Bases[i], _setup.Bases[i], (ushort)(Preference - i), now);
        if (_setup.Listener is { } listener) Learn(new Candidate(CandidateType.Host, listener, listener, CandidatePriority.OfPassiveTcp(0), "passive"), now);
        if (_setup.Dialer is { } dialer) Agent.AddLocalCandidate(new Candidate(CandidateType.Host, dialer, dialer, CandidatePriority.OfPassiveTcp(0), "active"), now);

        foreach (var at in _setup.Bases)
            foreach (var server in _setup.StunServers)
                if (server.IsIPv4 == at.IsIPv4) _queries.Add(new Query(at, server, TransactionId.Next(_random), now));
        ConsiderEnd();
    }

    public void Receive(in Datagram datagram, Instant now)
    {
        if (!_setup.StunServers.Contains(datagram.Source))
        {
            Agent.Receive(datagram, now);
            return;
        }

        if (StunReader.TryRead(datagram.Payload, out var answer) is not null) return;
        var transaction = answer.Transaction;
        var query = _queries.Find(q => q.Transaction == transaction);
        if (query is null || !answer.TryReadXorAddress(StunAttributeType.XorMappedAddress, out var mapped)) return;
        _queries.Remove(query);
        if (mapped != query.Base) Learn(CandidateType.ServerReflexive, mapped, query.Base, Preference, now);
        ConsiderEnd();
    }

    public void Advance(Instant now)
    {
        _queries.RemoveAll(query => query.GiveUpAt <= now);
        ConsiderEnd();
        Agent.Advance(now);
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (_signals.TryDequeue(out object? signal)) return Output.Event(signal);
        var wake = Instant.Never;
        foreach (var query in _queries)
        {
            if (query.DueAt <= now) return query.Send(buffer, now);
            wake = Instant.Earlier(wake, Instant.Earlier(query.DueAt, query.GiveUpAt));
        }

        var output = Agent.Poll(buffer, now);
        return output.Kind is OutputKind.Idle ? Output.Idle(Instant.Earlier(wake, output.WakeAt)) : output;
    }

    private void Learn(CandidateType type, TransportAddress address, TransportAddress @base, ushort preference, Instant now)
        => Learn(new Candidate(type, address, @base, CandidatePriority.Of(type, preference), type.ToString()), now);

    private void Learn(Candidate candidate, Instant now)
    {
        Agent.AddLocalCandidate(candidate, now);
        _signals.Enqueue(new Signal.Local(candidate));
    }

    private void ConsiderEnd()
    {
        if (_hasEnded || !_hasBegun || _queries.Count > 0) return;
        _hasEnded = true;
        _signals.Enqueue(new Signal.EndOfCandidates());
    }

    /// <summary>A Binding request that is repeated (RFC 8489 §6.2.1) for five seconds.</summary>
    private sealed class Query(TransportAddress @base, TransportAddress server, TransactionId transaction, Instant now)
    {
        private TimeSpan _interval = TimeSpan.FromMilliseconds(250);

        public TransportAddress Base { get; } = @base;
        public TransactionId Transaction { get; } = transaction;
        public Instant DueAt { get; private set; } = now;
        public Instant GiveUpAt { get; } = now + TimeSpan.FromSeconds(5);

        public Output Send(Span<byte> buffer, Instant now)
        {
            DueAt = now + (_interval *= 2);
            return Output.Transmit(Base, server, new StunWriter(buffer, StunMethod.Binding, StunClass.Request, Transaction).Finish());
        }
    }
}
