using Thaw.Protocol.Dtls;

// Stands in for the DTLS engine until it is merged: delete this file then.
namespace Thaw.Dtls;

#pragma warning disable CA1822, CA1065
public sealed class BouncyCastleDtls : IDtlsEngineFactory
{
    public CertificateFingerprint LocalFingerprint => throw new NotImplementedException();
    public IDtlsEngine Create(DtlsParameters parameters) => throw new NotImplementedException();
    public void WarmUp() { }
}
