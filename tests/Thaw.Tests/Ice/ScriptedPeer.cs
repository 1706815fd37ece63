using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Ice;
using Thaw.Protocol.Stun;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Ice;

/// <summary>One agent under test, and a peer that says just what the test wants from three addresses, the first the best.</summary>
internal sealed class ScriptedPeer
{
    private static readonly IceCredentials Local = new("locl", "local-password-1234567");
    private static readonly IceCredentials Remote = new("remo", "remote-password-1234567");
    private readonly byte[] _buffer = new byte[Output.BufferLength];
    private readonly TransportAddress[] _addresses = [.. Enumerable.Range(6000, 3).Select(port => IceWorld.Address("198.51.100.2", port))];
    private readonly TransportAddress _base = IceWorld.Address("192.0.2.1");
    private ulong _next = 1;

    public ScriptedPeer(IceRole role = IceRole.Controlled)
    {
        Agent = new IceAgent(role, Local, new SeededRandom(1), Now);
        Do((a, now) => a.AddLocalCandidate(IceWorld.Host(_base), now));
        Do((a, now) => a.SetRemote(Remote, false, now));
        for (int i = 0; i < _addresses.Length; i++)
            Do((a, now) => a.AddRemoteCandidate(IceWorld.Host(_addresses[i], (ushort)(60_000 - i)), now));
    }

    public TransportAddress this[int index] => _addresses[index];
    public IceAgent Agent { get; }
    public Instant Now { get; private set; }
    public List<object> Events { get; } = [];
    public List<Observation> Observations { get; } = [];

    /// <summary>Checks of the agent, answered or not.</summary>
    public List<(TransportAddress From, TransactionId Transaction)> Asked { get; } = [];

    /// <summary>0 for success.</summary>
    public int LastAnswer { get; private set; } = -1;

    public void Do(Action<IceAgent, Instant> input)
    {
        input(Agent, Now);
        Drain();
    }

    public void Wait(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        while (Drain() is var wake && wake <= end)
        {
            if (wake > Now) Now = wake;
            Agent.Advance(Now);
        }

        Now = end;
    }

    public byte[] Request(bool useCandidate, StunAttributeType? role = null, ulong tiebreaker = 0, string? username = null, string? password = null,
        Action<byte[]>? spoil = null, ushort? unknown = null)
    {
        var writer = new StunWriter(new byte[300], StunMethod.Binding, StunClass.Request, new(_next++, 0));
        writer.Add(StunAttributeType.Username, Encoding.UTF8.GetBytes(username ?? $"{Local.Ufrag}:{Remote.Ufrag}"));
        writer.Add(StunAttributeType.Priority, 0x6E00_00FFu);
        if (role is { } claim) writer.Add(claim, tiebreaker);
        if (useCandidate) writer.Add(StunAttributeType.UseCandidate);
        if (unknown is { } type) writer.Add((StunAttributeType)type);
        if (password != "") writer.AddIntegrity(Encoding.UTF8.GetBytes(password ?? Local.Password));
        writer.AddFingerprint();
        byte[] request = writer.Finish().ToArray();
        spoil?.Invoke(request);
        return request;
    }

    public void Check(int from, bool useCandidate, StunAttributeType? role = null, ulong tiebreaker = 0)
        => Receive(from, Request(useCandidate, role, tiebreaker));

    public void Receive(int from, byte[] datagram) => Do((a, now) => a.Receive(new Datagram(_addresses[from], _base, datagram), now));

    /// <summary>A plain check, and an answer to the agent's own.</summary>
    public void MakeValid(int index)
    {
        Check(index, useCandidate: false);
        AnswerAll();
        Assert.Contains(Agent.Pairs, pair => pair.Remote.Address == _addresses[index] && pair.State is CandidatePairState.Succeeded);
    }

    /// <summary>Answers what the agent asked, and what it asks in consequence, for as long as pacing takes.</summary>
    public void AnswerAll()
    {
        for (int i = 0; i < 10; i++)
        {
            foreach (var asked in Asked.ToArray()) Answer(asked);
            Asked.Clear();
            Wait(0.02);
        }
    }

    public void Answer((TransportAddress From, TransactionId Transaction) asked, string? password = null)
    {
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.SuccessResponse, asked.Transaction);
        writer.AddXorAddress(StunAttributeType.XorMappedAddress, _base);
        writer.AddIntegrity(Encoding.UTF8.GetBytes(password ?? Remote.Password));
        writer.AddFingerprint();
        byte[] answer = writer.Finish().ToArray();
        Do((a, now) => a.Receive(new Datagram(asked.From, _base, answer), now));
    }

    public void Refuse((TransportAddress From, TransactionId Transaction) asked, int code, bool authenticated = true)
    {
        var writer = new StunWriter(new byte[200], StunMethod.Binding, StunClass.ErrorResponse, asked.Transaction);
        writer.AddError(code, "no"u8);
        if (authenticated) writer.AddIntegrity(Encoding.UTF8.GetBytes(Remote.Password));
        writer.AddFingerprint();
        byte[] answer = writer.Finish().ToArray();
        Do((a, now) => a.Receive(new Datagram(asked.From, _base, answer), now));
    }

    private Instant Drain()
    {
        while (true)
        {
            var output = Agent.Poll(_buffer, Now);
            switch (output.Kind)
            {
                case OutputKind.Idle: return output.WakeAt;
                case OutputKind.Event: Events.Add(output.Value!); break;
                case OutputKind.Observation: Observations.Add((Observation)output.Value!); break;
                case OutputKind.Transmit: Sent(output); break;
                default: Assert.Fail(output.Kind.ToString()); break;
            }
        }
    }

    private void Sent(in Output output)
    {
        Assert.Null(StunReader.TryRead(output.Payload, out var message));
        Assert.Equal(StunSeal.Valid, message.CheckFingerprint());
        if (message.Class is StunClass.Request)
        {
            Assert.Equal(StunSeal.Valid, message.CheckIntegrity(Encoding.UTF8.GetBytes(Remote.Password)));
            Asked.Add((output.Destination, message.Transaction));
            return;
        }

        Assert.Equal(StunSeal.Valid, message.CheckIntegrity(Encoding.UTF8.GetBytes(Local.Password)));
        LastAnswer = message.TryFind(StunAttributeType.ErrorCode, out var error) && error.TryReadError(out int code, out _) ? code : 0;
    }
}
