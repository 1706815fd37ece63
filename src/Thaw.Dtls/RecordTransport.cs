using System.Diagnostics;
using Org.BouncyCastle.Tls;

namespace Thaw.Dtls;

/// <summary>
/// BouncyCastle's view of the network. It calls <see cref="Receive(Span{byte}, int)"/> and blocks: in a handshake that
/// parks the fibre, afterwards it returns at once. What it sends is coalesced into datagrams of at most one MTU.
/// </summary>
internal sealed class RecordTransport(int mtu, int room, Flights flights, OutputQueue outputs) : DatagramTransport
{
    private static readonly TimeSpan ResendPatience = TimeSpan.FromMilliseconds(5);

    private readonly byte[] _outgoing = new byte[room];
    private byte[]? _incoming;
    private int _outgoingLength;
    private long _expiredAt;
    private bool _lastTry;

    /// <summary>The handshake's fibre; null before and after it.</summary>
    public Fibre? Fibre { get; set; }

    /// <summary>The owner's retransmission timer has fired: Receive times out until BouncyCastle repeats its flight.</summary>
    public bool Expired { get; private set; }

    public void Offer(byte[] datagram) => _incoming = datagram;

    public void Expire()
    {
        Expired = true;
        _lastTry = false;
        _expiredAt = Stopwatch.GetTimestamp();
    }

    public int GetReceiveLimit()
    {
        // After the handshake BouncyCastle would spin a millisecond of wall clock before it says that a datagram held
        // no application data. This is the one call in its loop that a timeout leaves without harm to the association.
        if (Fibre is null && _incoming is null) throw new TlsTimeoutException();
        return room;
    }

    public int GetSendLimit() => mtu;

    public int Receive(byte[] buf, int off, int len, int waitMillis) => Receive(buf.AsSpan(off, len), waitMillis);

    public int Receive(Span<byte> buffer, int waitMillis)
    {
        while (true)
        {
            if (_incoming is { } datagram)
            {
                _incoming = null;
                datagram.CopyTo(buffer);
                return datagram.Length;
            }

            if (Fibre is null) return -1;
            if (Expired && !flights.Repeated && !_lastTry)
            {
                // BouncyCastle repeats once its own clock has moved a millisecond since it last asked. On a real clock
                // it long has; in simulated time we wait for it here. (Not for ever: someone may set that clock back.)
                _lastTry = Stopwatch.GetElapsedTime(_expiredAt) >= ResendPatience;
                Thread.Sleep(0);
                return -1;
            }

            Expired = false;
            Flush();
            Fibre.Park();
        }
    }

    public void Send(byte[] buf, int off, int len) => Send(buf.AsSpan(off, len));

    public void Send(ReadOnlySpan<byte> record)
    {
        if (Fibre is { IsUnwinding: true }) return;
        if (!flights.Admit(new DtlsRecord(record), repeating: Expired || Fibre is null)) return;

        if (_outgoingLength + record.Length > mtu) Flush();
        record.CopyTo(_outgoing.AsSpan(_outgoingLength));
        _outgoingLength += record.Length;
    }

    /// <summary>Ends the datagram that is being filled.</summary>
    public void Flush()
    {
        if (_outgoingLength == 0) return;
        outputs.Transmit(_outgoing.AsSpan(0, _outgoingLength));
        flights.CountDatagram(_outgoingLength);
        _outgoingLength = 0;
    }

    public void Close() { }
}
