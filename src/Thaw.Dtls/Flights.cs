using Thaw.Protocol;
using Thaw.Protocol.Dtls;

namespace Thaw.Dtls;

/// <summary>
/// Which flight (RFC 6347 §4.2.4) is going out, and whether for the first time. BouncyCastle also repeats a flight
/// whenever a datagram arrives that tells it nothing after its wall clock has expired; those repetitions are refused
/// here, so that only our own schedule and the peer's bytes decide what goes out.
/// </summary>
internal sealed class Flights(DtlsRole role, OutputQueue outputs)
{
    private const byte ClientHello = 1, Finished = 20; // RFC 5246 §7.4
    private const int LastServerFlight = 6;

    private int _nextMessage;
    private bool _repeating;
    private bool _sentNew;
    private int _datagrams;
    private int _bytes;

    /// <summary>RFC 6347 figure 1's number of the last flight; 0 before the first.</summary>
    public int Current { get; private set; }

    /// <summary>Repetitions of <see cref="Current"/>.</summary>
    public int Attempts { get; private set; }

    /// <summary>Something was repeated since <see cref="Begin"/>.</summary>
    public bool Repeated { get; private set; }

    /// <summary>One input begins.</summary>
    public void Begin()
    {
        _repeating = _sentNew = Repeated = false;
        _datagrams = _bytes = 0;
    }

    /// <summary>False if <paramref name="record"/> repeats a flight without <paramref name="repeating"/> being asked for.</summary>
    public bool Admit(DtlsRecord record, bool repeating)
    {
        if (record.ContentType is DtlsContentType.Alert or DtlsContentType.ApplicationData) return true;

        if (record.IsPlainHandshake)
        {
            _repeating = record.MessageSequence < _nextMessage;
            if (!_repeating)
            {
                if (!_sentNew) BeginFlight(record.MessageType);
                if (record.EndsMessage) _nextMessage = record.MessageSequence + 1;
            }
        }
        else if (role == DtlsRole.Server)
        {
            // A server's ChangeCipherSpec and Finished are flight 6, which answers and never waits: in the handshake
            // they are new, afterwards BouncyCastle repeats them only for a client that repeats flight 5.
            _repeating = Current == LastServerFlight && !_sentNew;
            if (!_repeating && !_sentNew) BeginFlight(Finished);
        }

        if (!_repeating) return _sentNew = true;
        return repeating && (Repeated = true);
    }

    public void CountDatagram(int bytes)
    {
        _datagrams++;
        _bytes += bytes;
    }

    /// <summary>One input ends: says what it sent. True if that was a new flight.</summary>
    public bool End()
    {
        if (_sentNew) outputs.Observe(new Observation.DtlsFlightSent(Current, _datagrams, _bytes));
        else if (Repeated) outputs.Observe(new Observation.DtlsFlightRetransmitted(Current, ++Attempts, _datagrams));
        return _sentNew;
    }

    private void BeginFlight(byte firstMessage)
    {
        Attempts = 0;
        Current = (role, firstMessage) switch
        {
            (DtlsRole.Client, ClientHello) => Current == 0 ? 1 : 3,
            (DtlsRole.Client, _) => 5,
            (_, Finished) => LastServerFlight,
            _ => 4,
        };
    }
}
