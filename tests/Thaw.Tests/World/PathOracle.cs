using Thaw.Protocol;

namespace Thaw.Tests.World;

/// <summary>Is there a path in this world at all? Asked of the network itself, by punchers in place of ICE agents.</summary>
internal static class PathOracle
{
    public static bool HasDirectPath(Script script)
    {
        var world = new Internet(script with
        {
            Link = new Link(script.Link.LatencyMs),
            Offerer = script.Offerer with { HasRelay = false },
            Answerer = script.Answerer with { HasRelay = false },
        });
        var (offerer, answerer) = (Side.In(world, script.Offerer, 0), Side.In(world, script.Answerer, 1));
        if (!script.StunIsSilent)
        {
            offerer.AskStun();
            answerer.AskStun();
        }

        world.Net.RunFor(TimeSpan.FromSeconds(1));
        offerer.Tell(answerer);
        answerer.Tell(offerer);
        return world.Net.TryRunUntil(() => offerer.HasPath && answerer.HasPath, TimeSpan.FromSeconds(2));
    }

    private sealed class Side
    {
        private readonly Endpoint<Puncher> _puncher;
        private readonly Site _site;
        private readonly IceHostSetup _setup;

        private Side(Endpoint<Puncher> puncher, Site site, IceHostSetup setup) => (_puncher, _site, _setup) = (puncher, site, setup);

        public bool HasPath => _puncher.Machine.HasPath;

        public static Side In(Internet world, Site site, int side)
        {
            var (realm, setup) = world.Place(side);
            TransportAddress[] bases = [.. setup.Bases, .. new[] { setup.Listener, setup.Dialer }.OfType<TransportAddress>()];
            return new Side(world.Add(side == 0 ? "offerer" : "answerer", new Puncher(bases), realm, setup), site, setup);
        }

        public void AskStun() => _puncher.Do((puncher, _) =>
        {
            foreach (var at in _setup.Bases)
                puncher.AskStun(at, Internet.StunServer);
        });

        public void Tell(Side other)
        {
            if (!_site.TellsNothing)
            {
                foreach (var address in _setup.Bases) other._puncher.Machine.Learn(address);
                foreach (var address in _puncher.Machine.Mapped) other._puncher.Machine.Learn(address);
                if (_setup.Listener is { } listener) other._puncher.Machine.Learn(listener);
            }

            other._puncher.Do((puncher, now) => puncher.Begin(now));
        }
    }
}
