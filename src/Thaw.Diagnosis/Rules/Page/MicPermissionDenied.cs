using Thaw.Diagnosis.Facts;

namespace Thaw.Diagnosis.Rules;

internal static class MicPermissionDenied
{
    public static readonly Rule Rule = new("mic-permission-denied", Scope.Connecting,
        a =>
        {
            if (a.OfferSent is not null || a.Page is { IsSecureContext: false } || a.CaptureGranted is not null) return null;
            var denied = a.Last<Fact.Permission>() is { State: PermissionState.Denied } state ? state : null;
            var refused = a.CaptureFailed("NotAllowedError", "PermissionDeniedError", "SecurityError");
            return Finding.Of(denied is null ? 0.85 : 0.95, refused.As("the browser, the person or the system said no to the microphone"), denied.As("the site has no permission for the microphone"));
        },
        a => a.CaptureGranted.As("the microphone was granted"));
}
