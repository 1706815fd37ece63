namespace Thaw.Diagnosis.Rules;

/// <summary>Refused and untrusted look the same to a browser: only a probe tells them apart.</summary>
internal static class TurnsCertificateInvalid
{
    public static readonly Rule Rule = new("turns-certificate-invalid", Scope.Path,
        a => a.Answered is not null || a.Relay is not null || TurnFacts.OthersSaid(a) ? null
            : a.Unreachable(Attempt.IsTls) is { } failed && a.Unreachable(url => Attempt.IsTurn(url) && Attempt.IsStream(url) && !Attempt.IsTls(url)) is null
                ? Finding.Of(0.55, failed.As($"no TLS connection to {failed.Url}"))?.Or("turn-tcp-unreachable", 0.4, $"thaw ice --ice-servers {failed.Url}: it tells a refused port from a bad certificate")
            : null);
}
