namespace Thaw.Relay.Udp;

/// <summary>
/// How many datagrams to ask a socket for. Asking for a second in vain costs about a third of a receive, and most sockets
/// of a relay have one at a time; a socket that is ready turn after turn may have many.
/// </summary>
internal struct Appetite
{
    private const int Patience = 8; // receives of one until a batch is tried again where there was none

    private long _turn;
    private int _patience;
    private bool _isBatch;

    public int Ask(long turn, int batch)
    {
        bool isReadyAgain = turn == _turn + 1;
        _turn = turn;
        _isBatch |= isReadyAgain && _patience-- <= 0;
        return _isBatch ? batch : 1;
    }

    public void Got(int count)
    {
        if (!_isBatch || count > 1) return;
        _isBatch = false;
        _patience = Patience;
    }
}
