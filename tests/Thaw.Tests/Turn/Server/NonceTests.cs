using System.Text;
using CsCheck;
using Thaw.Protocol;
using Thaw.Protocol.Turn;
using Xunit;
using static Thaw.Tests.Turn.Server.TurnTable;

namespace Thaw.Tests.Turn.Server;

/// <summary>Nonces that carry eight bits of the time and are good for an hour, at whatever time it is.</summary>
public sealed class NonceTests
{
    private const int Step = 64, Round = 256 * Step; // the bits of time come again after so many seconds
    private const long Noon = 1_795_000_000;

    private static readonly TransportAddress Client = At("192.0.2.7", 5000);

    private readonly ServerNonce _nonces = new(new byte[32], features: 3, TimeSpan.FromHours(1));

    [Fact]
    public void A_nonce_has_20_characters_of_which_7_change()
    {
        byte[] one = Made(Noon, Client), other = Made(Noon, Client.WithPort(5001));
        Assert.Equal(20, one.Length);
        Assert.Equal("obMatJos2AAAD", Encoding.ASCII.GetString(one)[..13]);
        Assert.NotEqual(one, other);
        Assert.All(one, b => Assert.InRange(b, (byte)'+', (byte)'z'));
    }

    [Fact]
    public void It_is_good_for_an_hour_whenever_it_was_made_and_never_afterwards()
    {
        var times = Gen.Select(Gen.Long[1_000_000_000, 5_000_000_000], Gen.Int[-2 * Step, 3 * Round]);
        times.Sample((made, age) =>
        {
            var fault = _nonces.Check(Made(made, Client), Client, made + age, out var told);
            if (age <= 3600) Assert.Null(fault);
            else if (age > 3600 + 2 * Step) Assert.NotNull(fault);

            // Within the round its age is known; what is older looks like another's, and is answered the same.
            if (age is > 3600 + 2 * Step and < Round - 4 * Step) Assert.Equal(NonceFault.Stale, fault);
            if (fault is not NonceFault.Foreign) Assert.InRange(told.TotalSeconds, Math.Max(0, age - Step), Math.Max(0, age) + Step);
        }, iter: 30_000);
    }

    [Fact]
    public void After_a_whole_round_of_its_bits_it_is_not_good_again()
    {
        byte[] nonce = Made(Noon, Client);
        for (int rounds = 1; rounds < 20; rounds++) Assert.Equal(NonceFault.Foreign, _nonces.Check(nonce, Client, Noon + rounds * Round, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(127)]
    public void A_clock_that_steps_back_a_little_or_another_servers_that_is_behind_takes_it(int seconds)
        => Assert.Null(_nonces.Check(Made(Noon, Client), Client, Noon - seconds, out _));

    [Theory]
    [InlineData(300)]
    [InlineData(3600)]
    [InlineData(86_400)]
    public void After_a_clock_stepped_back_far_the_client_gets_a_new_one(int seconds)
    {
        Assert.Equal(NonceFault.Foreign, _nonces.Check(Made(Noon, Client), Client, Noon - seconds, out _));
        Assert.Null(_nonces.Check(Made(Noon - seconds, Client), Client, Noon - seconds, out _));
    }

    [Fact]
    public void Servers_with_one_key_take_each_others_and_one_with_another_key_does_not()
    {
        byte[] nonce = Made(Noon, Client);
        Assert.Null(new ServerNonce(new byte[32], 3, TimeSpan.FromHours(1)).Check(nonce, Client, Noon + 100, out _));
        byte[] otherKey = new byte[32];
        otherKey[31] = 1;
        Assert.Equal(NonceFault.Foreign, new ServerNonce(otherKey, 3, TimeSpan.FromHours(1)).Check(nonce, Client, Noon + 100, out _));
    }

    [Fact]
    public void Each_bit_of_it_counts_and_so_do_address_port_and_protocol()
    {
        byte[] nonce = Made(Noon, Client);
        for (int i = 0; i < nonce.Length * 8; i++)
        {
            byte[] changed = [.. nonce];
            changed[i / 8] ^= (byte)(1 << i % 8);
            Assert.NotNull(_nonces.Check(changed, Client, Noon, out _));
        }

        foreach (var other in new[] { Client.WithPort(5001), At("192.0.2.8", 5000), Client.Over(TransportProtocol.Tcp), At("::c000:207", 5000) })
            Assert.Equal(NonceFault.Foreign, _nonces.Check(nonce, other, Noon, out _));
    }

    private byte[] Made(long unixTime, TransportAddress client)
    {
        byte[] nonce = new byte[ServerNonce.Length];
        _nonces.Write(nonce, client, unixTime);
        return nonce;
    }
}
