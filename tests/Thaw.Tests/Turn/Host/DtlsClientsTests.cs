using Thaw.Fuzz.Targets;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Thaw.Relay;
using Thaw.Relay.Dtls;
using Thaw.Tests.Turn.Server;
using Xunit;
using static Thaw.Tests.Turn.Host.DtlsTable;

namespace Thaw.Tests.Turn.Host;

/// <summary>TURN over DTLS (RFC 7350): who gets in, and when they are let go.</summary>
public sealed class DtlsClientsTests
{
    [Fact]
    public void GHSA_5x2p_4vqj_f6m4_nothing_is_kept_before_the_cookie_and_little_is_said()
    {
        using var table = new DtlsTable();
        byte[] hello = HelloTarget.Hello([]);
        int answers = 0;
        for (ushort port = 1000; port < 2000; port++) answers += table.Put(From(port), hello).Sum(sent => sent.Bytes.Length <= hello.Length ? 1 : 1000);

        Assert.Equal(200, answers); // UnprovenAnswersAtOnce
        Assert.Equal(0, table.Clients.Count);
        Assert.Equal(0, table.Handshakes);
        table.Turn.Drain();
        Assert.Single(table.Turn.Of<Observation.AnswersSuppressed>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_client_that_proves_its_address_is_served(bool rsa)
    {
        using var table = new DtlsTable(rsa: rsa);
        using var client = new PlainClient(table, From(5000));
        Assert.True(client.IsConnected, $"{client.Failure}");
        Assert.Equal(0, table.Handshakes);
        Assert.Equal(1, table.Clients.Count);

        client.Send("hello"u8);
        Assert.Equal("hello"u8.ToArray(), Assert.Single(table.Errands).Message);
        table.Clients.Send(From(5000), "and back"u8, table.Now);
        Assert.Equal("and back"u8.ToArray(), client.Receive());
    }

    [Fact]
    public void The_largest_packet_that_is_relayed_fits_one_record_and_a_larger_is_dropped()
    {
        using var table = new DtlsTable();
        using var client = new PlainClient(table, From(5000));
        byte[] large = [.. Enumerable.Range(0, DtlsClients.MaxRecord).Select(i => (byte)i)];
        table.Clients.Send(From(5000), large, table.Now);
        Assert.Equal(large, client.Receive());
        table.Clients.Send(From(5000), new byte[DtlsClients.MaxRecord + 1], table.Now);
        Assert.Null(client.Receive());
    }

    [Theory]
    [InlineData("stun.turn", true)]
    [InlineData("h2", false)]
    public void What_is_spoken_may_be_agreed_on_and_other_protocols_are_refused(string protocol, bool passes)
    {
        using var table = new DtlsTable();
        using var client = new PlainClient(table, From(5000), [protocol]);
        Assert.Equal(passes, client.IsConnected);
        Assert.Equal(passes ? 1 : 0, table.Clients.Count);
    }

    [Fact]
    public void A_handshake_that_stops_is_given_up_at_its_deadline()
    {
        using var table = new DtlsTable();
        Assert.NotEmpty(table.Knock(From(5000)));
        Assert.Equal(1, table.Handshakes);
        table.Pass(9.9);
        Assert.Equal(1, table.Clients.Count);
        table.Pass(0.2);
        Assert.Equal(0, table.Clients.Count);
        Assert.Equal(0, table.Handshakes);
        Assert.Null(table.Errands[^1].Message);
    }

    [Fact]
    public void Handshakes_of_one_address_and_of_all_are_bounded()
    {
        using var table = new DtlsTable(TurnTable.Served with { UnprovenAnswersAtOnce = 10_000 });
        for (ushort port = 1000; port < 1100; port++) table.Knock(From(port));
        Assert.Equal(DtlsClients.MaxHandshakesOfOne, table.Clients.Handshakes);

        for (int host = 1; host < 40; host++)
            for (ushort port = 1; port < 10; port++) table.Knock(new FiveTuple(TurnTable.At($"203.0.113.{host}", port), Listener));
        Assert.Equal(DtlsClients.MaxHandshakes, table.Clients.Handshakes);
        Assert.Equal(DtlsClients.MaxHandshakes, table.Clients.Count);
        Assert.True(table.Clients.Refused > 0);
        Assert.True(table.Handshakes <= 64);
    }

    [Fact]
    public void Sessions_are_bounded()
    {
        using var table = new DtlsTable(limit: 2);
        using var one = new PlainClient(table, From(5000));
        using var two = new PlainClient(table, From(5001));
        table.Knock(From(5002));
        Assert.Equal(2, table.Clients.Count);
        Assert.Equal(1, table.Clients.Refused);
    }

    [Fact]
    public void Who_has_no_allocation_for_thirty_seconds_is_let_go_however_much_it_talks()
    {
        using var table = new DtlsTable();
        using var client = new PlainClient(table, From(5000));
        for (int i = 0; i < 30; i++)
        {
            table.Pass(1);
            client.Send("still here"u8);
        }

        Assert.Equal(1, table.Clients.Count);
        table.Pass(0.2);
        Assert.Equal(0, table.Clients.Count);
        Assert.Null(table.Errands[^1].Message);
    }

    [Fact]
    public void An_allocation_keeps_a_client_and_its_goodbye_is_told()
    {
        using var table = new DtlsTable();
        using var client = new PlainClient(table, From(5000));
        var turn = new Server.TurnClient(table.Turn, From(5000).Client) { User = "alice", Password = "secret", Server = Listener };
        Assert.True(turn.Allocate().Succeeded);
        for (int i = 0; i < 100; i++) table.Pass(1);
        Assert.Equal(1, table.Clients.Count);

        client.Leave();
        Assert.Equal(0, table.Clients.Count);
        Assert.Equal(new DtlsErrand(From(5000), null), table.Errands[^1]);
    }

    [Fact]
    public void A_client_that_starts_anew_at_the_same_port_replaces_itself_once_it_has_proven_its_address()
    {
        using var table = new DtlsTable();
        using var client = new PlainClient(table, From(5000));
        table.Put(From(5000), HelloTarget.Hello([]));
        client.Send("still here"u8);
        Assert.NotNull(table.Errands[^1].Message);

        using var anew = new PlainClient(table, From(5000));
        Assert.True(anew.IsConnected);
        Assert.Equal(1, table.Clients.Count);
        Assert.Null(table.Errands[^1].Message);
    }

    [Fact]
    public void Its_own_hello_once_more_or_garbage_ends_no_session()
    {
        using var table = new DtlsTable();
        table.Knock(From(5000));
        byte[] cookie = table.Put(From(5001), HelloTarget.Hello([]))[0].Bytes[^32..];
        table.Put(From(5000), HelloTarget.Hello([]));
        table.Put(From(5000), HelloTarget.Hello(cookie));
        table.Put(From(5000), [22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0]);
        table.Put(From(5000), [0, 1, 0, 0]);
        Assert.Equal(1, table.Clients.Count);
    }

    [Fact]
    public void What_is_no_hello_is_counted_and_not_answered()
    {
        using var table = new DtlsTable();
        Assert.Empty(table.Put(From(5000), [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, .. new byte[12]])); // STUN on the wrong port
        Assert.Equal(1, table.Clients.Dropped);
    }

    [Fact]
    public void Closing_says_goodbye_to_everyone()
    {
        using var table = new DtlsTable(deadlines: new StreamDeadlines());
        using var client = new PlainClient(table, From(5000));
        table.Clients.Close(table.Now);
        table.Take();
        Assert.NotEmpty(table.Sent);
        Assert.Equal(0, table.Clients.Count);
    }
}
