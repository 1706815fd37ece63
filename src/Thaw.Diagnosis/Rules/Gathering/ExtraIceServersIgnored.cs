using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

/// <summary>The server's library uses one STUN and one TURN server: the first ones.</summary>
internal static class ExtraIceServersIgnored
{
    public static readonly Rule Rule = new("extra-ice-servers-ignored", Scope.Path,
        a =>
        {
            if (a.WasConnected) return null;
            if (a.Established("extra-ice-servers-ignored") is { } said) return Finding.Of(0.85, said);
            if (a.Last<Fact.Configured>(c => c.Side is Side.Server) is not { } configured) return null;
            string[] turn = [.. configured.Servers.SelectMany(server => server.Urls).Where(Attempt.IsTurn)];
            if (turn.Length < 2 || a.Remote.Any(c => c.Type is CandidateKind.Relay) || a.RemoteCount is null) return null;
            return a.Works(url => turn.Skip(1).Contains(url)) is { } works
                ? Finding.Of(0.8, configured.As($"the server has {turn.Length} TURN URLs"), works.As("a later one works"), a.RemoteDescription.As("and yet the answer has no relayed address")) : null;
        });
}
