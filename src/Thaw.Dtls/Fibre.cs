using System.Diagnostics;

namespace Thaw.Dtls;

/// <summary>
/// A stack to park on. <see cref="Start"/> and <see cref="Resume"/> run the body on the fibre's own thread and return
/// when it parks or ends, so the two threads never run at once: from outside, a blocking protocol looks like a function.
/// </summary>
internal sealed class Fibre : IDisposable
{
    private const int StackSize = 256 * 1024; // BouncyCastle's handshake needs a fraction of it

    // Of the base library's primitives the cheapest for a round trip between two threads: 8 µs of CPU, Monitor takes 29.
    private readonly SemaphoreSlim _toFibre = new(0);
    private readonly SemaphoreSlim _toOwner = new(0);
    private readonly Action _ended;
    private Action? _body;

    /// <param name="ended">Called on the fibre's thread when that thread is about to end.</param>
    public Fibre(Action ended)
    {
        _ended = ended;
        new Thread(Loop, StackSize) { IsBackground = true, Name = "thaw-dtls-fibre" }.UnsafeStart();
    }

    /// <summary>The body is on its way out: whatever it still does is of no interest.</summary>
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
        _toFibre.Release();
        _toOwner.Wait();
    }

    /// <summary>Body: gives the turn back to the owner.</summary>
    public void Park()
    {
        if (IsUnwinding) throw new FibreUnwound();
        _toOwner.Release();
        _toFibre.Wait();
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

    /// <summary>Owner: ends the thread of an idle fibre. (A semaphore whose wait handle nobody asked for owns nothing.)</summary>
    public void Dispose()
    {
        Debug.Assert(IsDone);
        _body = null;
        _toFibre.Release();
    }

    private void Loop()
    {
        while (true)
        {
            _toFibre.Wait();
            if (_body is null) break;
            _body();
            IsDone = true;
            _toOwner.Release();
        }

        _ended();
    }
}

/// <summary>Thrown by <see cref="Fibre.Park"/> when the owner has no use for the body any more.</summary>
internal sealed class FibreUnwound : Exception;
