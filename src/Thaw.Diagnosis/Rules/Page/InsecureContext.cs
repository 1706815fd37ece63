namespace Thaw.Diagnosis.Rules;

/// <summary>Without a secure context there is no mediaDevices, so nothing is ever offered.</summary>
internal static class InsecureContext
{
    public static readonly Rule Rule = new("insecure-context", Scope.Connecting,
        a => a.OfferSent is null && a.Page is { IsSecureContext: false } page ? Finding.Of(0.97, page.As("the page is neither on HTTPS nor on localhost: the browser hides the microphone from it")) : null,
        a => a.Page is { IsSecureContext: true } page ? page.As("the page is a secure context") : null);
}
