using System.Net;

namespace Thaw.Protocol.Mdns;

/// <summary>
/// Finds the addresses behind <c>.local</c> names by asking the link (RFC 6762). Three questions, then the name counts as
/// not found; nobody waits longer. A <see cref="OutputKind.Transmit"/> goes out on every interface.
/// </summary>
public sealed class MdnsResolver : IMachine
{
    private const int MostQuestions = 32; // names at a time: a LAN of browsers connects one or two each
    private const int MostRemembered = 256;
    private const int MostAddresses = 4;
    private const ushort Port = 5353;     // RFC 6762 §3

    private static readonly TransportAddress GroupIPv4 = new(IPAddress.Parse("224.0.0.251"), Port); // RFC 6762 §3
    private static readonly TransportAddress GroupIPv6 = new(IPAddress.Parse("ff02::fb"), Port);

    // When a question is sent again. Chromium answers the same name once a second at most, so the third comes after that.
    private static readonly TimeSpan[] SentAgainAfter = [TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(1200)];
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestMemory = TimeSpan.FromSeconds(120); // RFC 6762 §10: of address records
    private static readonly TimeSpan MemoryOfFailure = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, Question> _questions = [];
    private readonly Dictionary<string, Memory> _memories = [];
    private readonly Queue<object> _outputs = [];

    /// <summary>Names that are being asked for.</summary>
    public int Outstanding => _questions.Count;

    /// <summary>Asks for a name, unless its answer, or that there was none, is still remembered.</summary>
    public void Resolve(string text, Instant now)
    {
        if (!LocalName.TryParse(text, out string? name)) Tell(new MdnsEvent.NameNotFound(text, MdnsFailure.NotLocal));
        else if (_questions.ContainsKey(name)) { } // one answer is for all who asked
        else if (_memories.TryGetValue(name, out var known) && known.Until > now) Tell(known.Event);
        else if (_questions.Count >= MostQuestions) Tell(new MdnsEvent.NameNotFound(name, MdnsFailure.LimitReached));
        else _questions.Add(name, new Question(now));
    }

    public void Receive(in Datagram datagram, Instant now)
    {
        if (MdnsReader.TryRead(datagram.Payload, out var message) is { } reason)
        {
            Note(new Observation.DatagramDropped(datagram.Source, reason));
            return;
        }

        if (!message.IsResponse) return; // other hosts' questions, and our own
        if (datagram.Source.Port != Port) // RFC 6762 §6
        {
            Note(new Observation.DatagramDropped(datagram.Source, DropReason.UnknownProtocol));
            return;
        }

        foreach (string name in _questions.Keys) // removing while enumerating is allowed
        {
            if (AnswerFor(name, message) is ({ } addresses, var time))
                Answer(name, new MdnsEvent.NameResolved(name, addresses), now + time);
        }
    }

    public void Advance(Instant now)
    {
        foreach (var (name, question) in _questions)
            if (question.GivenUpAt <= now) Answer(name, new MdnsEvent.NameNotFound(name, MdnsFailure.NoAnswer), now + MemoryOfFailure);
    }

    public Output Poll(Span<byte> buffer, Instant now)
    {
        if (_outputs.TryDequeue(out object? value)) return value is Observation fact ? Output.Observation(fact) : Output.Event(value);

        var wakeAt = Instant.Never;
        foreach (var (name, question) in _questions)
        {
            if (question.TryTake(now, out var group, out var type))
                return Output.Transmit(default, group, buffer[..MdnsWriter.WriteQuestion(buffer, name, type)]);
            wakeAt = Instant.Earlier(wakeAt, question.WakeAt);
        }

        return Output.Idle(wakeAt);
    }

    private void Answer(string name, MdnsEvent happened, Instant rememberedUntil)
    {
        _questions.Remove(name);
        if (_memories.Count >= MostRemembered && !_memories.ContainsKey(name)) _memories.Remove(_memories.MinBy(m => m.Value.Until.Ticks).Key);
        _memories[name] = new Memory(happened, rememberedUntil);
        Tell(happened);
    }

    private static (List<TransportAddress>? Addresses, TimeSpan TimeToLive) AnswerFor(string name, MdnsReader message)
    {
        List<TransportAddress>? found = null;
        var time = LongestMemory;
        foreach (var record in message)
        {
            if (!record.TryReadAddress(out var address) || !record.IsNamed(name)) continue;
            if (record.TimeToLive == TimeSpan.Zero || address.IsLoopback || address is { IsIPv6: true, IsLinkLocal: true }) continue; // no use without its scope
            if (found?.Count >= MostAddresses || found?.Contains(address) is true) continue;
            (found ??= []).Add(address);
            if (record.TimeToLive < time) time = record.TimeToLive;
        }

        return (found, time);
    }

    private void Tell(MdnsEvent happened) => _outputs.Enqueue(happened); // bounded by who asks: one for each Resolve

    private void Note(Observation fact)
    {
        if (_outputs.Count < MostRemembered) _outputs.Enqueue(fact);
    }

    private readonly record struct Memory(MdnsEvent Event, Instant Until);

    /// <summary>A name that is being asked for: A and AAAA, on both families, three times.</summary>
    private sealed class Question(Instant askedAt)
    {
        private const int Datagrams = 4;

        private readonly Instant _askedAt = askedAt;
        private int _left = Datagrams;
        private int _round;
        private Instant _nextAt = askedAt;

        public Instant GivenUpAt { get; } = askedAt + Deadline;

        public Instant WakeAt => Instant.Earlier(_nextAt, GivenUpAt);

        public bool TryTake(Instant now, out TransportAddress group, out DnsType type)
        {
            group = (_left & 1) == 0 ? GroupIPv4 : GroupIPv6;
            type = _left > Datagrams / 2 ? DnsType.A : DnsType.Aaaa;
            if (_nextAt > now || now >= GivenUpAt) return false;
            if (--_left > 0) return true;

            _left = Datagrams;
            _nextAt = _round < SentAgainAfter.Length ? _askedAt + SentAgainAfter[_round++] : Instant.Never;
            return true;
        }
    }
}
