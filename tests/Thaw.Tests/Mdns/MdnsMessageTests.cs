using System.Net;
using Thaw.Protocol;
using Thaw.Protocol.Mdns;
using Xunit;

namespace Thaw.Tests.Mdns;

public sealed class MdnsMessageTests
{
    private const string Name = "fa203e71-f625-47e3-80d6-420f618ffc4b.local";

    // What Chromium 156 answered to a question for A: the address, and an NSEC record that says there is no other.
    internal static readonly byte[] FromChromium = Convert.FromHexString(
        "0000840000000001000000012466613230336537312d663632352d343765332d383064362d343230663631386666633462056c6f63616c00000180010000007800040a4d0001"
        + "2466613230336537312d663632352d343765332d383064362d343230663631386666633462056c6f63616c00002f8001000000780005c046000140");

    [Fact]
    public void What_chromium_answers_is_read()
    {
        Assert.Null(MdnsReader.TryRead(FromChromium, out var message));
        Assert.True(message.IsResponse);

        int records = 0;
        foreach (var record in message)
        {
            bool isAddress = record.TryReadAddress(out var address);
            Assert.Equal(records++ == 0, isAddress);
            if (isAddress) Assert.Equal((IPAddress.Parse("10.77.0.1"), TimeSpan.FromSeconds(120)), (address.Address, record.TimeToLive));
            Assert.True(record.IsNamed(Name));
            Assert.True(record.IsNamed(Name.ToUpperInvariant()));
            Assert.False(record.IsNamed("other.local"));
            Assert.False(record.IsNamed(Name.AsSpan(0, Name.Length - 1)));
            Assert.False(record.IsNamed(Name + ".example"));
        }

        Assert.Equal(2, records);
    }

    [Fact]
    public void A_question_has_one_entry_and_asks_for_no_unicast() // RFC 6762 §18
    {
        byte[] buffer = new byte[Output.BufferLength];
        var written = buffer.AsSpan(0, MdnsWriter.WriteQuestion(buffer, "ab.local", DnsType.Aaaa));

        Assert.Equal("00000000000100000000000002616205" + "6c6f63616c00" + "001c0001", Convert.ToHexStringLower(written));
        Assert.Null(MdnsReader.TryRead(written, out var message));
        Assert.False(message.IsResponse);
    }

    [Theory]
    [InlineData("10.77.0.1")]
    [InlineData("2001:db8::1")]
    public void What_is_written_reads_back(string address)
    {
        var at = new TransportAddress(IPAddress.Parse(address), 0);
        byte[] buffer = new byte[Output.BufferLength];
        var written = buffer.AsSpan(0, MdnsWriter.WriteAnswer(buffer, Name, at, 60));

        Assert.Null(MdnsReader.TryRead(written, out var message));
        foreach (var record in message)
        {
            Assert.True(record.IsNamed(Name) && record.TryReadAddress(out var read) && read == at);
            Assert.Equal(TimeSpan.FromSeconds(60), record.TimeToLive);
        }
    }

    [Fact]
    public void A_name_may_point_back_to_another() // RFC 1035 §4.1.4
    {
        byte[] message =
        [
            0, 0, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0,
            1, (byte)'a', 5, (byte)'l', (byte)'o', (byte)'c', (byte)'a', (byte)'l', 0, 0, 1, 0, 1, // the question, at 12
            1, (byte)'b', 0xC0, 14, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1,                    // b and then what follows the a
        ];

        Assert.Null(MdnsReader.TryRead(message, out var read));
        foreach (var record in read) Assert.True(record.IsNamed("b.local") && !record.IsNamed("a.local") && record.TryReadAddress(out _));
    }

    [Theory]
    [InlineData("C00C")]         // itself
    [InlineData("C00E0000")]     // forwards
    [InlineData("0161C00C")]     // a label, then back to it
    [InlineData("C0")]           // cut off
    [InlineData("4161")]         // reserved label kinds
    [InlineData("8161")]
    [InlineData("0561")]         // longer than what is there
    public void A_name_that_leads_in_a_circle_or_nowhere_is_refused(string name)
    {
        byte[] message = [0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. Convert.FromHexString(name)];
        Assert.NotNull(MdnsReader.TryRead(message, out _));
    }

    [Fact]
    public void A_name_of_more_than_255_bytes_is_refused() // RFC 1035 §2.3.4
    {
        byte[] label = [63, .. Enumerable.Repeat((byte)'a', 63)];
        byte[] Message(params byte[][] labels) => [0, 0, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. labels.SelectMany(l => l), 0, 0, 1, 0, 1];

        Assert.Null(MdnsReader.TryRead(Message(label, label, label, [61, .. label[1..62]]), out _)); // 255 with the root
        Assert.NotNull(MdnsReader.TryRead(Message(label, label, label, [62, .. label[1..63]]), out _));
    }

    [Fact]
    public void Cutting_or_flipping_any_bit_harms_nothing()
    {
        for (int length = 0; length < FromChromium.Length; length++) Assert.NotNull(MdnsReader.TryRead(FromChromium.AsSpan(0, length), out _));
        for (int bit = 0; bit < FromChromium.Length * 8; bit++)
        {
            byte[] flipped = [.. FromChromium];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            if (MdnsReader.TryRead(flipped, out var message) is not null) continue;
            foreach (var record in message)
            {
                record.IsNamed(Name);
                record.TryReadAddress(out _);
            }
        }
    }

    [Theory]
    [InlineData("fa203e71-f625-47e3-80d6-420f618ffc4b.local", true)]
    [InlineData("PRINTER.LOCAL", true)]
    [InlineData("a.b.local", false)]
    [InlineData(".local", false)]
    [InlineData("local", false)]
    [InlineData("example.org", false)]
    [InlineData("a_b.local", false)]
    [InlineData("a.local.", false)]
    [InlineData("metadata.google.internal", false)]
    [InlineData(null, false)]
    public void Only_one_label_under_local_is_a_name_to_ask_for(string? text, bool isLocal)
    {
        Assert.Equal(isLocal, LocalName.TryParse(text, out string? name));
        if (isLocal) Assert.Equal(text!.ToLowerInvariant(), name);
    }

    [Fact]
    public void A_label_has_63_characters_at_most()
    {
        Assert.True(LocalName.TryParse(new string('a', 63) + ".local", out _));
        Assert.False(LocalName.TryParse(new string('a', 64) + ".local", out _));
    }
}
