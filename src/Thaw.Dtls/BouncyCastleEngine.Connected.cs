using Org.BouncyCastle.Tls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Dtls;

public sealed partial class BouncyCastleEngine
{
    private const int MaxApplicationData = 1200;

    private byte[]? _plaintext;
    private DtlsRecordCallback? _recordSeen;
    private bool _authentic;

    private void Unprotect(ReadOnlySpan<byte> datagram)
    {
        _authentic = false;
        _transport.Offer(datagram.ToArray());
        TakePending(received: true);
        if (!_authentic) _outputs.Observe(new Observation.DatagramDropped(default, DropReason.BadDtlsRecord));
    }

    /// <summary>Takes the application data of the datagram at hand, and of records that came behind the handshake's last.</summary>
    private void TakePending(bool received = false)
    {
        _flights.Begin();
        _plaintext ??= new byte[_room];
        _recordSeen ??= _ => _authentic = true;
        try
        {
            int length = received ? ReceiveFirst() : -1;
            do
            {
                if (length > 0) _outputs.Data(_plaintext.AsSpan(0, length));
                length = _association!.ReceivePending(_plaintext, _recordSeen);
            }
            while (length >= 0);

            _transport.Flush(); // the last flight again, for a peer that missed it (RFC 6347 §4.2.4), or close_notify
            _flights.End();
        }
        catch (Exception e)
        {
            _transport.Flush();
            _negotiation.Fail(DtlsFailure.ProtocolError, Explain(e));
            Fail(_negotiation.Failure!.Value, _negotiation.Detail);
            return;
        }

        if (!_negotiation.PeerClosed) return;
        End();
        _outputs.Event(new DtlsEvent.Closed());
    }

    /// <summary>-1 if the datagram's first records hold no application data.</summary>
    private int ReceiveFirst()
    {
        try
        {
            return _association!.Receive(_plaintext, waitMillis: 1, _recordSeen);
        }
        catch (TlsTimeoutException) // from RecordTransport.GetReceiveLimit
        {
            return -1;
        }
    }
}
