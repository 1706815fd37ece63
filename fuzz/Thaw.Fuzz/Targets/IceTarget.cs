using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;

namespace Thaw.Fuzz.Targets;

/// <summary>
/// An agent in mid-check hears each datagram as it is, and once more with its seals mended: what lies behind the seals
/// would else be out of reach. Whatever it sends is STUN.
/// </summary>
internal static class IceTarget
{
    private static readonly IceCredentials Ours = new("ours", "ourpasswordourpassword00");
    private static readonly IceCredentials Theirs = new("them", "theirpasswordtheirpasswd");
    private static readonly TransportAddress Local = new(IPAddress.Parse("192.0.2.1"), 4000);
    private static readonly TransportAddress Remote = new(IPAddress.Parse("192.0.2.2"), 5000);

    public static void Run(ReadOnlySpan<byte> input)
    {
        var now = new Instant(0);
        var transaction = default(TransactionId);
        var agent = new IceAgent(IceRole.Controlled, Ours, new FixedRandom(), now);

        agent.AddLocalCandidate(new Candidate(CandidateType.Host, Local, Local, 2_130_706_431, "1"), now);
        agent.SetRemote(Theirs, isLite: false, now);
        agent.AddRemoteCandidate(new Candidate(CandidateType.Host, Remote, Remote, 2_130_706_431, "1"), now);
        Poll();

        foreach (var datagram in new Conversation(input))
        {
            agent.Receive(new Datagram(Remote, Local, datagram), now);
            Poll();
            agent.Receive(new Datagram(Remote, Local, Mend.Stun(datagram, transaction, Ours.Password, Theirs.Password)), now);
            Poll();
            now += TimeSpan.FromSeconds(1);
            agent.Advance(now);
            Poll();
        }

        agent.Close(now);

        void Poll() => Drain.Run(agent.Poll, now, sent =>
        {
            if (StunReader.TryRead(sent, out var message) is { } reason) throw new InvalidOperationException($"Sent what is no STUN: {reason}.");
            if (message.Class is StunClass.Request) transaction = message.Transaction;
        });
    }

    public static IEnumerable<Seed> Seeds() =>
    [
        new("checks", Conversation.Of(StunTarget.Check(controlling: true), StunTarget.Check(controlling: false))),
        new("answers", Conversation.Of(StunTarget.Success(), StunTarget.Error(), StunTarget.Check(controlling: true))),
    ];
}
