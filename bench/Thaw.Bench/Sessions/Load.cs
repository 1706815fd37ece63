using System.Diagnostics;

namespace Thaw.Bench.Sessions;

/// <summary>Sends every client's packets, 50 a second each, spread evenly over the 20 ms; a ping a second if wanted.</summary>
internal sealed class Load(IReadOnlyList<Client> clients, IReadOnlyList<byte[]> payloads, bool stamp)
{
    private const int Slots = 20; // of 1 ms

    private volatile int _every;
    private volatile bool _pings, _over;

    /// <summary>One packet in so many turns of 20 ms; 0 for none.</summary>
    public int Every { set => _every = value; }

    public bool Pings { set => _pings = value; }

    public Thread Start()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "load" };
        thread.Start();
        return thread;
    }

    public void Stop() => _over = true;

    private void Run()
    {
        long began = Stopwatch.GetTimestamp();
        for (long slot = 0; !_over; slot++)
        {
            while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < slot) Thread.Sleep(1);
            byte[] payload = payloads[(int)(slot / Slots % payloads.Count)];
            for (int i = (int)(slot % Slots); i < clients.Count; i += Slots)
            {
                if (_every > 0 && slot / Slots % _every == 0) clients[i].Send(payload, stamp);
                if (_pings && slot / Slots % 50 == i / Slots % 50) clients[i].SendPing();
            }
        }
    }
}
