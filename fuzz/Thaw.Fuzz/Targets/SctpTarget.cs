using Thaw.Protocol;
using Thaw.Protocol.Sctp;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// Data channels that are up hear each packet as it is, and once more with its verification tag and checksum mended.
/// Whatever they send is SCTP, and they come to rest.
/// </summary>
internal static class SctpTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var pair = new Pair();
        pair.Talk();

        foreach (var packet in new Conversation(input))
        {
            pair.Ours.Receive(packet, pair.Now);
            pair.Rest();
            pair.Ours.Receive(Mend.Sctp(packet, pair.TagOfOurs), pair.Now);
            pair.Rest();
            pair.Now += TimeSpan.FromMilliseconds(700);
            pair.Ours.Advance(pair.Now);
            pair.Rest();
        }
    }

    /// <summary>What a peer really sends: numbers and tags are those of <see cref="FixedRandom"/>, so they fit.</summary>
    public static IEnumerable<Seed> Seeds()
    {
        yield return Record("handshake", _ => { });
        yield return Record("messages", pair =>
        {
            pair.Theirs.TrySend(pair.Channel, isText: true, "hello"u8, pair.Now);
            pair.Theirs.TrySend(pair.Channel, isText: false, new byte[3000], pair.Now);
            pair.Theirs.TrySend(pair.Channel, isText: true, [], pair.Now);
        });
        yield return Record("second-channel", pair => pair.Theirs.Open("more", "proto", new(), pair.Now));
        yield return Record("forward-tsn", pair =>
        {
            ushort lossy = pair.Theirs.Open("lossy", "", new(MaxRetransmits: 0), pair.Now);
            pair.Talk();
            pair.Theirs.TrySend(lossy, isText: true, "lost"u8, pair.Now);
            Drain.Run(pair.Theirs.Poll, pair.Now);
            pair.Now += TimeSpan.FromSeconds(5);
            pair.Theirs.Advance(pair.Now);
        });
        yield return Record("close-channel", pair => pair.Theirs.Close(pair.Channel, pair.Now));
        yield return Record("shutdown", pair => pair.Theirs.Shutdown(pair.Now));
        yield return Record("abort", pair => pair.Theirs.Abort("enough", pair.Now));
    }

    // The handshake is heard by Run before the input begins, and is worth hearing again only in its own seed.
    private static Seed Record(string name, Action<Pair> act)
    {
        var pair = new Pair();
        pair.Talk();
        if (name != "handshake") pair.FromTheirs.Clear();
        act(pair);
        pair.Talk();
        return new Seed(name, Conversation.Of(pair.FromTheirs));
    }

    private sealed class Pair
    {
        private readonly List<byte[]> _fromOurs = [];

        public Pair()
        {
            Ours = new DataChannels(isDtlsClient: true, new SctpOptions(), new FixedRandom(1), Now);
            Theirs = new DataChannels(isDtlsClient: false, new SctpOptions(), new FixedRandom(2), Now);
            Channel = Theirs.Open("chat", "", new(), Now);
            Ours.Connect(Now);
            Theirs.Connect(Now);
        }

        public DataChannels Ours { get; }
        public DataChannels Theirs { get; }
        public ushort Channel { get; }
        public Instant Now { get; set; } = new(0);
        public List<byte[]> FromTheirs { get; } = [];
        public uint TagOfOurs { get; private set; }

        /// <summary>Polls ours dry; what they send must be packets.</summary>
        public void Rest() => Drain.Run(Ours.Poll, Now, sent =>
        {
            if (PacketReader.TryRead(sent, out var packet) is { } reason) throw new InvalidOperationException($"Sent what is no SCTP: {reason}.");
            TagOfOurs = Mend.TagIn(sent) ?? TagOfOurs;
            _fromOurs.Add(sent.ToArray());
        });

        /// <summary>Delivers everything both ways until both are silent.</summary>
        public void Talk()
        {
            for (int heard = FromTheirs.Count, turn = 0; turn < 8; turn++)
            {
                Rest();
                foreach (byte[] packet in _fromOurs) Theirs.Receive(packet, Now);
                _fromOurs.Clear();
                Drain.Run(Theirs.Poll, Now, sent => FromTheirs.Add(sent.ToArray()));
                for (; heard < FromTheirs.Count; heard++) Ours.Receive(FromTheirs[heard], Now);
            }
        }
    }
}
