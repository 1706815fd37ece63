using System.Diagnostics;

namespace Thaw.Dtls;

/// <summary>
/// A stack to park on. <see cref="Start"/> and <see cref="Resume"/> run the body on the fibre's own thread and return
/// when it parks or ends, so the two threads never run at once: from outside, a blocking protocol looks like a function.
/// </summary>
internal sealed class Fibre
{
    private const int StackSize = 256 * 1024; // BouncyCastle's handshake needs a fraction of it

    private readonly object _turn = new();
    private readonly Action _ended;
    private bool _fibresTurn;
    private Action? _body;

    /// <param name="ended">Called on the fibre's thread when that thread is about to end.</param>
    public Fibre(Action ended)
    {
        _ended = ended;
        new Thread(Loop, StackSize) { IsBackground = true, Name = "thaw-dtls-fibre" }.Start();
    }

    public bool IsUnwinding { get; private set; }

    /// <summary>The body has returned.</summary>
    public bool IsDone { get; private set; } = true;

    public void Start(Action body)
    {
        Debug.Assert(IsDone);
        _body = body;
        IsDone = IsUnwinding = false;
        Resume();
    }

    /// <summary>Owner: lets the body go on until it parks again or ends.</summary>
    public void Resume()
    {
        lock (_turn)
        {
            GiveTurn(toFibre: true);
            AwaitTurn(fibres: false);
        }
    }

    /// <summary>Body: gives the turn back to the owner.</summary>
    public void Park()
    {
        if (IsUnwinding) throw new FibreUnwound();
        lock (_turn)
        {
            GiveTurn(toFibre: false);
            AwaitTurn(fibres: true);
        }

        if (IsUnwinding) throw new FibreUnwound();
    }

    /// <summary>Owner: makes the parked body leave through its finally blocks.</summary>
    public void Unwind()
    {
        if (IsDone) return;
        IsUnwinding = true;
        Resume();
        Debug.Assert(IsDone);
    }

    /// <summary>Owner: ends the thread of an idle fibre.</summary>
    public void Stop()
    {
        Debug.Assert(IsDone);
        _body = null;
        lock (_turn) GiveTurn(toFibre: true);
    }

    private void Loop()
    {
        while (true)
        {
            lock (_turn) AwaitTurn(fibres: true);
            if (_body is null) break;
            _body();
            IsDone = true;
            lock (_turn) GiveTurn(toFibre: false);
        }

        _ended();
    }

    private void GiveTurn(bool toFibre)
    {
        _fibresTurn = toFibre;
        Monitor.Pulse(_turn);
    }

    private void AwaitTurn(bool fibres)
    {
        while (_fibresTurn != fibres) Monitor.Wait(_turn);
    }
}

/// <summary>Thrown by <see cref="Fibre.Park"/> when the owner has no use for the body any more.</summary>
internal sealed class FibreUnwound : Exception;
