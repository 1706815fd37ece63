using System.Security.Cryptography;
using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Ice;

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
    TransportAddress[] Bases, GatheringServer[] Servers, TransportAddress? Listener = null, TransportAddress? Dialer = null);

/// <summary>An ICE agent together with its gatherer, as a host would run them.</summary>
internal sealed class IceHost : IMachine
{
    private const ushort Preference = 65535;

    private readonly RandomNumberGenerator _random;
    private readonly Gatherer _gatherer;
    private readonly Queue<object> _signals = [];
    private readonly List<TransportAddress> _told = [];
    private readonly List<TransportAddress> _relayed = [];
    private IceHostSetup _setup;
    private bool _hasBegun, _hasEnded;

    public IceHost(IceRole role, string name, IceHostSetup setup, RandomNumberGenerator random, Instant now)
    {
        _setup = setup;
        _random = random;
        Agent = new IceAgent(role, IceCredentials.Create(random, name[..1]), random, now);
        _gatherer = new Gatherer(new GathererOptions { BothFamilies = false }, random, now);
    }

    public IceAgent Agent { get; }

    /// <summary>Starts gathering: hosts at once, the rest as servers answer.</summary>
    public void Begin(Instant now)
    {
        _hasBegun = true;
        for (int i = 0; i < _setup.Bases.Length; i++) Learn(CandidateType.Host, _setup.Bases[i], _setup.Bases[i], (ushort)(Preference - i), now);
        if (_setup.Listener is { } listener) Learn(new Candidate(CandidateType.Host, listener, listener, CandidatePriority.OfPassiveTcp(0), "passive"), now);
        if (_setup.Dialer is { } dialer) Agent.AddLocalCandidate(new Candidate(CandidateType.Host, dialer, dialer, CandidatePriority.OfPassiveTcp(0), "active"), now);

        _gatherer.SetBases(_setup.Bases, now);
        _gatherer.SetServers(_setup.Servers, now);
        ConsiderEnd();
    }

    /// <summary>New credentials; what is gathered stays.</summary>
    public void Restart(Instant now) => Agent.Restart(IceCredentials.Create(_random, Agent.Local.Ufrag[..1]), now);

    /// <summary>The host has come to another network: other sockets, other addresses.</summary>
    public void Rebase(TransportAddress[] bases, Instant now)
    {
        _setup = _setup with { Bases = bases };
        for (int i = 0; i < bases.Length; i++) Learn(CandidateType.Host, bases[i], bases[i], (ushort)(Preference - i), now);
        _gatherer.SetBases(bases, now);
    }

    /// <summary>A stream that <see cref="GatheringEvent.ConnectionWanted"/> asked for.</summary>
    public void Connected(int id, TransportAddress local, Instant now) => _gatherer.Connected(id, local, now);

    public void Receive(in Datagram datagram, Instant now)
    {
        foreach (var server in _setup.Servers)
        {
            if (server.Address != datagram.Source) continue;
            _gatherer.Receive(datagram, now);
            return;
        }

        Agent.Receive(datagram, now);
    }

    public void Advance(Instant now)
    {
        _gatherer.Advance(now);
        Agent.Advance(now);
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        while (true)
        {
            if (_signals.TryDequeue(out object? signal)) return Output.Event(signal);

            var gathered = _gatherer.Poll(buffer, now);
            switch (gathered.Kind)
            {
                case OutputKind.Delivery:
                    Agent.Receive(new Datagram(gathered.Source, gathered.Destination, gathered.Payload), now);
                    continue;
                case OutputKind.Event when gathered.Value is GatheringEvent.AddressesChanged:
                    TakeGathered(now);
                    continue;
                case OutputKind.Event when gathered.Value is GatheringEvent.Settled:
                    ConsiderEnd();
                    continue;
                case not OutputKind.Idle:
                    return gathered;
            }

            var output = Agent.Poll(buffer, now);
            if (output.Kind is OutputKind.Idle) return Output.Idle(Instant.Earlier(gathered.WakeAt, output.WakeAt));
            if (output.Kind is not OutputKind.Transmit || !_relayed.Contains(output.Source)) return output;
            _gatherer.SendRelayed(output.Source, output.Destination, output.Payload, now);
        }
    }

    private void TakeGathered(Instant now)
    {
        foreach (var gathered in _gatherer.Addresses)
        {
            if (_told.Contains(gathered.Address)) continue;
            _told.Add(gathered.Address);
            if (gathered.Kind is GatheredKind.ServerReflexive)
            {
                Learn(CandidateType.ServerReflexive, gathered.Address, gathered.Base, (ushort)(Preference - Array.IndexOf(_setup.Bases, gathered.Base)), now);
            }
            else
            {
                bool isUdp = gathered.Server.Address.Protocol is TransportProtocol.Udp;
                uint priority = CandidatePriority.OfRelayed(isUdp ? RelayTransport.Udp : RelayTransport.Tcp, _relayed.Count);
                _relayed.Add(gathered.Address);
                Learn(new Candidate(CandidateType.Relayed, gathered.Address, gathered.Address, priority, "relay"), now);
            }
        }
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
        if (_hasEnded || !_hasBegun || !_gatherer.IsSettled) return;
        _hasEnded = true;
        _signals.Enqueue(new Signal.EndOfCandidates());
    }
}
