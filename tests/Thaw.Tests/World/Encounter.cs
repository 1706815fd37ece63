using Thaw.Protocol;
using Thaw.Protocol.Gathering;
using Thaw.Protocol.Ice;

namespace Thaw.Tests.World;

public enum Ending { Connected, Failed, Unfinished }

/// <summary>Two ICE hosts that meet by offer, answer and trickle in the world of a <see cref="Script"/>.</summary>
internal sealed class Encounter
{
    private static readonly TimeSpan GatheringCap = TimeSpan.FromSeconds(2);

    private readonly Script _script;
    private readonly Random _signalling;
    private readonly Side _offerer, _answerer;

    /// <param name="starts">False where the world is to be changed first: then <see cref="Start"/> makes the offer.</param>
    public Encounter(Script script, bool starts = true)
    {
        _script = script;
        _signalling = new Random(script.Seed);
        World = new Internet(script);
        var (offerer, answerer) = script.Roles switch
        {
            Roles.OffererControls => (IceRole.Controlling, IceRole.Controlled),
            Roles.AnswererControls => (IceRole.Controlled, IceRole.Controlling),
            Roles.BothControl => (IceRole.Controlling, IceRole.Controlling),
            _ => (IceRole.Controlled, IceRole.Controlled),
        };
        _offerer = new Side(this, script.Offerer, Add("offerer", 0, offerer));
        _answerer = new Side(this, script.Answerer, Add("answerer", 1, answerer));
        (_offerer.Other, _answerer.Other) = (_answerer, _offerer);
        if (starts) Start();
    }

    public Internet World { get; }
    public Simulation Net => World.Net;
    public Endpoint<IceHost> Offerer => _offerer.Host;
    public Endpoint<IceHost> Answerer => _answerer.Host;

    /// <summary>The offer is made.</summary>
    public void Start() => _offerer.Begin();

    /// <summary>A new offer with new credentials: an ICE restart (RFC 8445 §9).</summary>
    public void Restart() => _offerer.Restart();

    /// <summary>Both ends have selected one path.</summary>
    public bool IsConnected
        => Offerer.Machine.Agent.Selected is { } a && Answerer.Machine.Agent.Selected is { } b
            && a.Local.Address == b.Remote.Address && a.Remote.Address == b.Local.Address;

    /// <summary>What both selected, as the better informed side sees it.</summary>
    public Path Path
    {
        get
        {
            if (!IsConnected) return Path.None;
            CandidatePair a = Offerer.Machine.Agent.Selected!, b = Answerer.Machine.Agent.Selected!;
            if (a.Local.Type is CandidateType.Relayed || b.Local.Type is CandidateType.Relayed) return Path.Relay;
            return a.Local.Base.Protocol is TransportProtocol.Tcp ? Path.Tcp : Path.Udp;
        }
    }

    public bool HasFailed => _offerer.HasFailed && _answerer.HasFailed;

    /// <summary>Runs to the end of it: a path that both agree on, or both give up, or the time is over.</summary>
    public Ending Run(double seconds = 60)
    {
        Net.TryRunUntil(() => IsConnected || HasFailed, TimeSpan.FromSeconds(seconds) - Net.Elapsed);
        return IsConnected ? Ending.Connected : HasFailed ? Ending.Failed : Ending.Unfinished;
    }

    public string Report() => $"{_script}\n{Net.Report(30)}";

    private Endpoint<IceHost> Add(string name, int side, IceRole role)
    {
        var (realm, setup) = World.Place(side);
        return World.Add(name, new IceHost(role, name, setup, Net.NewRandom(), Net.Now), realm, setup);
    }

    private TimeSpan Delay() => TimeSpan.FromMilliseconds(_script.SignallingMs + _script.SignallingJitterMs * _signalling.NextDouble());

    /// <summary>One host and its half of the signalling.</summary>
    private sealed class Side
    {
        private readonly Encounter _in;
        private readonly Site _site;
        private readonly List<Signal> _known = [];
        private bool _hasDescribed, _hasBegun, _isOver;

        public Side(Encounter encounter, Site site, Endpoint<IceHost> host)
        {
            _in = encounter;
            _site = site;
            Host = host;
            host.Heard = Hear;
        }

        public Endpoint<IceHost> Host { get; }
        public Side Other { get; set; } = null!;
        public bool HasFailed { get; private set; }

        public void Begin()
        {
            if (_hasBegun) return;
            _hasBegun = true;
            Host.Do((host, now) => host.Begin(now));
            if (_in._script.Trickles || _isOver) Describe();
            else _in.Net.After(GatheringCap, Describe);
        }

        public void Restart()
        {
            Host.Do((host, now) => host.Restart(now));
            HasFailed = false;
            Send(credentials =>
            {
                Other.Host.Do((host, now) => host.Restart(now));
                Other.Host.Do((host, now) => host.Agent.SetRemote(credentials, false, now));
                Other.HasFailed = false;
                Other.Send(answer => Host.Do((host, now) => host.Agent.SetRemote(answer, false, now)));
            });
        }

        private void Hear(object value)
        {
            if (value is IceEvent.ChecksFailed) HasFailed = true;
            if (value is GatheringEvent.ConnectionWanted wanted) _in.Net.After(TimeSpan.Zero, () => Dial(wanted));
            if (value is not Signal signal) return;

            _known.Add(signal);
            _isOver |= signal is Signal.EndOfCandidates;
            if (_hasDescribed && _in._script.Trickles) _in.Net.After(_in.Delay(), () => Other.Take(signal, _site));
            else if (_isOver && _hasBegun) _in.Net.After(TimeSpan.Zero, Describe);
        }

        private void Dial(GatheringEvent.ConnectionWanted wanted)
        {
            var local = Host.Addresses[^1].WithPort((ushort)(60_000 + wanted.Id)).Over(TransportProtocol.Tcp);
            Host.Addresses.Add(local);
            _in.Net.Dial(Host, local, wanted.Server, () => Host.Do((host, now) => host.Connected(wanted.Id, local, now)));
        }

        private void Describe()
        {
            if (_hasDescribed) return;
            _hasDescribed = true;
            Send(credentials =>
            {
                Other.Host.Do((host, now) => host.Agent.SetRemote(credentials, false, now));
                Other.Begin();
            });
        }

        /// <summary>Offer or answer: the credentials, and the candidates that there are.</summary>
        private void Send(Action<IceCredentials> arrive)
        {
            var credentials = Host.Machine.Agent.Local;
            Signal[] known = [.. _known];
            _in.Net.After(_in.Delay(), () =>
            {
                arrive(credentials);
                foreach (var signal in known) Other.Take(signal, _site);
            });
        }

        private void Take(Signal signal, Site from)
        {
            if (signal is Signal.EndOfCandidates && !_in._script.EndIsNeverTold) Host.Do((host, now) => host.Agent.EndOfRemoteCandidates(now));
            if (signal is Signal.Local { Candidate: var candidate } && !from.TellsNothing)
                Host.Do((host, now) => host.Agent.AddRemoteCandidate(candidate with { Base = candidate.Address }, now));
        }
    }
}
