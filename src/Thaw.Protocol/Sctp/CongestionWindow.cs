namespace Thaw.Protocol.Sctp;

/// <summary>Slow start, congestion avoidance and the reactions to loss (RFC 9260 §7.2).</summary>
/// <param name="unit">PMDCS: the most user data that one packet carries.</param>
internal struct CongestionWindow(int unit)
{
    private const int InitialUnits = 10; // RFC 6928's window; RFC 9260 §7.2.1 has 4
    private const int LeastUnitsAfterLoss = 4;

    private int _threshold = int.MaxValue;
    private int _partialBytesAcked;

    public int Bytes { get; private set; } = InitialUnits * unit;

    /// <summary>A SACK moved the cumulative TSN while the window was in full use (§7.2.1, §7.2.2).</summary>
    public void Grow(int bytesAcked)
    {
        if (Bytes <= _threshold)
        {
            Bytes += Math.Min(bytesAcked, unit);
            return;
        }

        _partialBytesAcked += bytesAcked;
        if (_partialBytesAcked < Bytes) return;
        _partialBytesAcked -= Bytes;
        Bytes += unit;
    }

    /// <summary>§7.2.4, on entering fast recovery.</summary>
    public void OnFastRetransmit()
    {
        Halve();
        Bytes = _threshold;
    }

    /// <summary>§7.2.3, T3-rtx.</summary>
    public void OnTimeout()
    {
        Halve();
        Bytes = unit;
    }

    /// <summary>§7.2.1: a window that was not used for an RTO says nothing about the path any more.</summary>
    public void OnIdle() => Bytes = Math.Min(Bytes, InitialUnits * unit);

    /// <summary>RFC 8261 §5: another path, another window.</summary>
    public void Restart() => this = new CongestionWindow(unit);

    private void Halve()
    {
        _threshold = Math.Max(Bytes / 2, LeastUnitsAfterLoss * unit);
        _partialBytesAcked = 0;
    }
}
