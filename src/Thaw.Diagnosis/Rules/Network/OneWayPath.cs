using Thaw.Protocol.Peer;

namespace Thaw.Diagnosis.Rules;

/// <summary>Only the server can tell: it is asked, and is never answered.</summary>
internal static class OneWayPath
{
    public static readonly Rule Rule = new("one-way-path", Scope.Path,
        a => a.Answered is null && a.Server is { Path: PathFinding.NothingReturned, ChecksReceived: > 0, BadIntegrity: 0 } server && a.Received is null or 0
            ? Finding.Of(a.Pairs.Count > 0 ? 0.8 : 0.7, server.As($"{server.ChecksReceived} checks of the browser's arrived, none of the server's was answered"),
                a.Pairs.FirstOrDefault(pair => pair.RequestsSent > 0).As("the browser hears nothing of the server")) : null);
}
