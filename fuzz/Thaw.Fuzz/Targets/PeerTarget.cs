using Thaw.Dtls;
using Thaw.Protocol;
using Thaw.Protocol.Dtls;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Peer;
using Thaw.Protocol.Stun;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// A whole peer connection that has answered an offer hears datagrams of every kind from the address that was signalled,
/// each behind a byte that lets time pass. The input's first byte: real DTLS or none, from the answer on or amid a call.
/// It never throws, comes to rest after each input, wakes only for later, stays small, and leaves when told to.
/// </summary>
internal static class PeerTarget
{
    private const byte RealDtls = 1, AmidCall = 2;
    private const long MaxAllocated = 64 << 20; // for the whole input; typical is 1 MB
    private const int MaxWakes = 400; // per step of time: 5 s of checks every 50 ms and of everything else

    private static readonly int[] Steps = [0, 1, 5, 20, 50, 200, 1000, 5000]; // ms
    private static readonly BouncyCastleDtls Real = new();
    private static readonly PlainDtls Plain = new();

    public static void Run(ReadOnlySpan<byte> input) => Connects(input);

    /// <summary>Runs it, and says whether it got as far as an open data channel.</summary>
    internal static bool Connects(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty) return false;

        long allocated = GC.GetAllocatedBytesForCurrentThread();
        using var world = new World(input[0]);
        foreach (var entry in new Conversation(input[1..]))
        {
            if (entry.IsEmpty) continue;
            world.Pass(Steps[entry[0] % Steps.Length]);
            world.Hear(entry[1..]);
        }

        world.Leave();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (allocated > MaxAllocated) throw new InvalidOperationException($"Allocated {allocated >> 20} MB.");
        return world.IsConnected;
    }

    /// <summary>What a caller really sends, told to a connection whose caller says nothing, or to one that has heard it all.</summary>
    public static IEnumerable<Seed> Seeds()
    {
        foreach (byte kind in (byte[])[0, RealDtls])
        {
            using var world = new World(kind);
            world.Converse();
            world.Caller.TrySendMessage(world.Channel, isText: true, "hello"u8, world.Now);
            world.Caller.SendAudio("twenty bytes of audio"u8, 160, marker: true, world.Now);
            world.Converse();
            world.Caller.Close(world.Now);
            world.Converse();

            string name = kind == 0 ? "plain" : "real";
            foreach (byte when in (byte[])[0, AmidCall])
            {
                // Sixteen fit an input; of what is said in the first 50 ms, the first, and the goodbye.
                byte[][] said = [.. world.Said.Take(12), .. world.Said.TakeLast(4)];
                yield return new($"{name}-{(when == 0 ? "connect" : "again")}", [(byte)(kind | when), .. Conversation.Of(said.Select(d => (byte[])[2, .. d]))]);
            }
        }

        byte[] rtp = [0x80, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7, 1, 2, 3, 4];
        byte[] rtcp = [0x81, 201, 0, 7, 0, 0, 0, 7, 0, 0, 0, 8, 1, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] abort = [PlainDtls.Data, 0x13, 0x88, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 4];
        yield return new("plain-media", [AmidCall, .. Conversation.Of([[3, .. rtp], [3, .. rtcp], [6, 200], [7, .. rtp]])]);
        yield return new("plain-abort", [AmidCall, .. Conversation.Of([[3, .. abort], [7, .. rtp]])]);
        yield return new("plain-alert", [AmidCall, .. Conversation.Of([[3, PlainDtls.Alert], [7, .. rtp]])]);
        yield return new("plain-silence", [AmidCall, .. Conversation.Of([[7, 70], [7, 70], [7, 70], [7, 70], [7, 70], [7, 70], [7, 70], [7, 70], [7, 70]])]);
        yield return new("real-silence", [RealDtls, .. Conversation.Of([[7, 70], [7, 22], [7, 70], [7, 0]])]);
    }

    private sealed class World : IDisposable
    {
        private static readonly TransportAddress Here = Address("192.0.2.1", 4000), There = Address("192.0.2.2", 5000);

        private readonly PeerConnection _server;
        private readonly Queue<byte[]> _toCaller = [];
        private readonly bool _isPlain;
        private readonly string _callersPassword;
        private Instant _wakeAt = Instant.Never, _callerWakeAt = Instant.Never;
        private TransactionId _asked;
        private uint _tag;
        private int _rtcpIndex;

        public World(byte kind)
        {
            IDtlsEngineFactory dtls = (kind & RealDtls) != 0 ? Real : Plain;
            var config = new PeerConfig { Dtls = dtls, AudioCodecs = ["PCMU"] };
            Caller = new PeerConnection(config, [Host(There)], "c", new FixedRandom(1), Now, IceRole.Controlling);
            _server = new PeerConnection(config, [Host(Here)], "s", new FixedRandom(2), Now);
            _callersPassword = Caller.LocalCredentials.Password;

            if (_server.Accept(Caller.CreateOffer(Now), Now) is not OfferOutcome.Answered answered) throw new InvalidOperationException("Our own offer was refused.");
            if (!Caller.TryAcceptAnswer(answered.Sdp, Now, out string error)) throw new InvalidOperationException(error);
            Channel = Caller.OpenChannel("chat", Now);
            _isPlain = dtls == Plain;

            Rest();
            if ((kind & AmidCall) == 0) return;
            Converse();
            if (!IsConnected) throw new InvalidOperationException("An honest call did not connect.");
        }

        public PeerConnection Caller { get; }
        public ushort Channel { get; }
        public Instant Now { get; private set; } = new(0);
        public bool IsConnected { get; private set; }

        /// <summary>What the caller has sent.</summary>
        public List<byte[]> Said { get; } = [];

        public void Pass(int milliseconds)
        {
            var until = Now + TimeSpan.FromMilliseconds(milliseconds);
            for (int wakes = 0; _wakeAt <= until; wakes++)
            {
                if (wakes == MaxWakes) throw new InvalidOperationException($"Woke {MaxWakes} times in {milliseconds} ms.");
                Now = _wakeAt > Now ? _wakeAt : Now;
                _server.Advance(Now);
                Rest();
                if (_wakeAt <= Now) throw new InvalidOperationException("Wants to be woken for what it has just done.");
            }

            Now = until;
        }

        public void Hear(ReadOnlySpan<byte> datagram)
        {
            Receive(datagram);
            if (datagram.IsEmpty) return;
            switch (datagram[0])
            {
                case <= 3: Receive(Mend.Stun(datagram, _asked, _server.LocalCredentials.Password, _callersPassword)); break;
                case PlainDtls.Data when _isPlain: Receive([PlainDtls.Data, .. Mend.Sctp(datagram[1..], _tag)]); break;
                case >= 128 and <= 191 when _isPlain: Receive(Mend.Srtp(datagram, PlainDtls.KeysOf(DtlsRole.Server), ++_rtcpIndex)); break;
            }
        }

        /// <summary>Both sides talk until both are connected and silent, or half a second has passed.</summary>
        public void Converse()
        {
            var until = Now + TimeSpan.FromMilliseconds(500);
            int heard = Said.Count;
            while (true)
            {
                Rest();
                _callerWakeAt = Drain.Run(Caller.Poll, Now, sent => Said.Add(sent.ToArray()));
                bool isSilent = heard == Said.Count && _toCaller.Count == 0;
                for (; heard < Said.Count; heard++) Receive(Said[heard]);
                while (_toCaller.TryDequeue(out byte[]? datagram)) Caller.Receive(new Datagram(Here, There, datagram), Now);
                if (!isSilent) continue;

                var next = Instant.Earlier(_wakeAt, _callerWakeAt);
                if (next > until) return;
                Now = next > Now ? next : Now;
                _server.Advance(Now);
                Caller.Advance(Now);
            }
        }

        public void Leave()
        {
            _server.Close(Now);
            Rest();
            if (!_server.IsClosed || _wakeAt != Instant.Never) throw new InvalidOperationException("Was told to leave and is still there.");
        }

        public void Dispose()
        {
            _server.Dispose();
            Caller.Dispose();
        }

        private void Receive(ReadOnlySpan<byte> datagram)
        {
            _server.Receive(new Datagram(There, Here, datagram), Now);
            Rest();
        }

        private void Rest() => _wakeAt = Drain.Run(_server.Poll, Now, Transmitted, happened => IsConnected |= happened is PeerEvent.ChannelOpened);

        private void Transmitted(ReadOnlySpan<byte> sent)
        {
            _toCaller.Enqueue(sent.ToArray());
            if (sent[0] == PlainDtls.Data) _tag = Mend.TagIn(sent[1..]) ?? _tag;
            if (StunReader.TryRead(sent, out var message) is null && message.Class is StunClass.Request) _asked = message.Transaction;
        }

        private static Candidate Host(TransportAddress at) => new(CandidateType.Host, at, at, 2_130_706_431, "1");

        private static TransportAddress Address(string address, int port)
            => TransportAddress.TryParse(address, port, out var parsed) ? parsed : throw new FormatException(address);
    }
}
