using Thaw.Protocol;
using Thaw.Protocol.Mdns;
using Thaw.Tests.World;
using Xunit;

namespace Thaw.Tests.Mdns;

public sealed class MdnsResolverTests
{
    private const string Name = "fa203e71-f625-47e3-80d6-420f618ffc4b.local";
    private static readonly TransportAddress GroupIPv4 = At("224.0.0.251", 5353), GroupIPv6 = At("ff02::fb", 5353), Responder = At("10.77.0.1", 5353);

    private readonly Simulation _net = new(1);
    private readonly Endpoint<MdnsResolver> _resolver;
    private readonly List<(Instant At, Packet Packet)> _sent = [];

    public MdnsResolverTests()
    {
        _net.Firewalls.Add(packet => { _sent.Add((_net.Now, packet)); return false; });
        _net.Add("others", new MdnsResolver(), GroupIPv4, GroupIPv6);
        _resolver = _net.Add("resolver", new MdnsResolver(), default(TransportAddress)); // it names no source: its host has a socket for each group
    }

    [Fact]
    public void A_name_is_asked_for_in_both_families_and_for_both_kinds_of_address()
    {
        Ask(Name);

        Assert.Equal([GroupIPv4, GroupIPv6, GroupIPv4, GroupIPv6], _sent.Select(s => s.Packet.Destination));
        Assert.Equal([Question(Name, DnsType.A), Question(Name, DnsType.A), Question(Name, DnsType.Aaaa), Question(Name, DnsType.Aaaa)], _sent.Select(s => s.Packet.Payload));
    }

    [Fact]
    public void Three_questions_then_it_is_not_found_after_two_seconds()
    {
        Ask(Name);
        _net.RunFor(TimeSpan.FromSeconds(30));

        Assert.Equal([0, 300, 1200], _sent.Select(s => (s.At - new Instant(0)).TotalMilliseconds).Distinct());
        Assert.Equal(12, _sent.Count);
        Assert.Equal(new MdnsEvent.NameNotFound(Name, MdnsFailure.NoAnswer), Assert.Single(_resolver.Of<MdnsEvent>()));
        Assert.Equal(TimeSpan.FromSeconds(2), _resolver.When<MdnsEvent>());
    }

    [Fact]
    public void The_first_answer_resolves_it_and_ends_the_asking()
    {
        Ask(Name);
        Answer(MdnsMessageTests.FromChromium);
        _net.RunFor(TimeSpan.FromSeconds(30));

        Assert.Equal(["10.77.0.1"], Resolved().Addresses.Select(a => a.Address.ToString()));
        Assert.Equal(4, _sent.Count);
        Assert.Equal(0, _resolver.Machine.Outstanding);
    }

    [Fact]
    public void Case_does_not_matter()
    {
        Ask(Name.ToUpperInvariant());
        Answer(MdnsMessageTests.FromChromium);

        Assert.Equal(Name, Resolved().Name);
    }

    [Fact]
    public void An_answer_is_remembered_as_long_as_it_says_and_no_longer()
    {
        Ask(Name);
        Answer(Name, "10.77.0.1", secondsToLive: 60);
        _net.RunFor(TimeSpan.FromSeconds(59));
        Ask(Name);
        Assert.Equal(2, _resolver.Of<MdnsEvent.NameResolved>().Count());
        Assert.Equal(4, _sent.Count);

        _net.RunFor(TimeSpan.FromSeconds(2));
        Ask(Name);
        Assert.Equal(8, _sent.Count);
    }

    [Fact]
    public void No_answer_is_remembered_for_more_than_two_minutes()
    {
        Ask(Name);
        Answer(Name, "10.77.0.1", secondsToLive: 1_000_000);
        _net.RunFor(TimeSpan.FromSeconds(121));
        Ask(Name);

        Assert.Equal(8, _sent.Count);
    }

    [Fact]
    public void A_name_that_was_not_found_is_not_asked_for_again_at_once()
    {
        Ask(Name);
        _net.RunFor(TimeSpan.FromSeconds(5));
        Ask(Name);
        Assert.Equal(12, _sent.Count);
        Assert.Equal(2, _resolver.Of<MdnsEvent.NameNotFound>().Count());

        _net.RunFor(TimeSpan.FromSeconds(10));
        Ask(Name);
        Assert.Equal(16, _sent.Count);
    }

    [Fact]
    public void Two_who_ask_for_one_name_share_its_questions_and_its_answer()
    {
        Ask(Name);
        Ask(Name);
        Answer(MdnsMessageTests.FromChromium);

        Assert.Equal(4, _sent.Count);
        Assert.Single(_resolver.Of<MdnsEvent>());
    }

    [Fact]
    public void More_than_32_names_at_a_time_are_not_asked_for()
    {
        for (int i = 0; i < 40; i++) Ask($"name-{i}.local");

        Assert.Equal(32 * 4, _sent.Count);
        Assert.Equal(8, _resolver.Of<MdnsEvent.NameNotFound>().Count(e => e.Reason is MdnsFailure.LimitReached));

        _net.RunFor(TimeSpan.FromSeconds(3));
        Ask("name-39.local"); // refused is not remembered
        Assert.Equal(32 * 12 + 4, _sent.Count);
    }

    [Fact]
    public void It_forgets_what_it_knew_the_shortest_rather_than_grow()
    {
        for (int i = 0; i < 1_000; i++)
        {
            Ask($"name-{i}.local");
            Answer($"name-{i}.local", "10.77.0.1", secondsToLive: 100);
        }

        int before = _sent.Count;
        Ask("name-0.local");
        Ask("name-999.local");
        Assert.Equal(before + 4, _sent.Count);
    }

    [Theory]
    [InlineData("www.example.org")]
    [InlineData("a.b.local")]
    [InlineData("169.254.169.254")]
    public void Other_names_never_leave(string name)
    {
        Ask(name);
        Assert.Equal(new MdnsEvent.NameNotFound(name, MdnsFailure.NotLocal), Assert.Single(_resolver.Of<MdnsEvent>()));
        Assert.Empty(_sent);
    }

    [Fact]
    public void Answers_to_what_nobody_asked_are_not_remembered()
    {
        Answer(Name, "10.66.6.6", 120);
        Ask(Name);

        Assert.Empty(_resolver.Of<MdnsEvent>());
        Assert.Equal(4, _sent.Count);
    }

    [Fact]
    public void An_answer_from_another_port_is_refused() // RFC 6762 §6
    {
        Ask(Name);
        _resolver.Deliver(At("10.77.0.1", 40_000), default, MdnsMessageTests.FromChromium);

        Assert.Empty(_resolver.Of<MdnsEvent>());
        Assert.Single(_resolver.Of<Observation.DatagramDropped>());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("fe80::1")]
    public void An_address_that_means_something_else_here_is_no_answer(string address)
    {
        Ask(Name);
        Answer(Name, address, 120);
        _net.RunFor(TimeSpan.FromSeconds(3));

        Assert.Single(_resolver.Of<MdnsEvent.NameNotFound>());
    }

    [Fact]
    public void A_goodbye_is_no_answer() // RFC 6762 §10.1
    {
        Ask(Name);
        Answer(Name, "10.77.0.1", secondsToLive: 0);
        Assert.Empty(_resolver.Of<MdnsEvent>());
    }

    [Fact]
    public void Others_questions_and_junk_change_nothing()
    {
        Ask(Name);
        Answer(Question(Name, DnsType.A));
        Answer([1, 2, 3]);
        Answer(new byte[12]);
        Answer(MdnsMessageTests.FromChromium);

        Assert.Single(_resolver.Of<MdnsEvent.NameResolved>());
    }

    private void Ask(string name) => _resolver.Do((machine, now) => machine.Resolve(name, now));

    private void Answer(string name, string address, uint secondsToLive)
    {
        byte[] buffer = new byte[512];
        Answer(buffer[..MdnsWriter.WriteAnswer(buffer, name, At(address, 0), secondsToLive)]);
    }

    private void Answer(byte[] message) => _resolver.Deliver(Responder, default, message);

    private MdnsEvent.NameResolved Resolved() => Assert.IsType<MdnsEvent.NameResolved>(Assert.Single(_resolver.Of<MdnsEvent>()));

    private static byte[] Question(string name, DnsType type)
    {
        byte[] buffer = new byte[512];
        return buffer[..MdnsWriter.WriteQuestion(buffer, name, type)];
    }

    private static TransportAddress At(string address, int port) => TransportAddress.TryParse(address, port, out var parsed) ? parsed : throw new FormatException();
}
