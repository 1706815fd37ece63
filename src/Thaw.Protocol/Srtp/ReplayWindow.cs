using System.Runtime.CompilerServices;

namespace Thaw.Protocol.Srtp;

/// <summary>
/// Which of the last 1,024 packet indices have been seen (RFC 3711 §3.3.2 wants 64 at least). A ring of bits:
/// an index's bit is at its value modulo the size.
/// </summary>
internal struct ReplayWindow
{
    public const int Size = 1024;

    private Words _words;

    public bool IsStarted { get; private set; }
    public ulong Highest { get; private set; }

    public readonly bool IsReplay(ulong index)
    {
        if (!IsStarted || index > Highest) return false;
        return Highest - index >= Size || (_words[Word(index)] & Bit(index)) != 0;
    }

    /// <summary>To be called only after the packet has been authenticated.</summary>
    public void Accept(ulong index)
    {
        if (!IsStarted) (IsStarted, Highest) = (true, index);

        if (index > Highest)
        {
            if (index - Highest >= Size) ((Span<ulong>)_words).Clear();
            else for (ulong passed = Highest + 1; passed < index; passed++) _words[Word(passed)] &= ~Bit(passed);
            Highest = index;
        }

        _words[Word(index)] |= Bit(index);
    }

    private static int Word(ulong index) => (int)(index % Size / 64);

    private static ulong Bit(ulong index) => 1UL << (int)(index % 64);

    [InlineArray(Size / 64)]
    private struct Words { private ulong _first; }
}
