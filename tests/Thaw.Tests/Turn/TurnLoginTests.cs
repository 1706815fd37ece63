using System.Text;
using Thaw.Protocol;
using Thaw.Protocol.Stun;
using Thaw.Protocol.Turn;
using Thaw.Tests.Stun;
using Xunit;

namespace Thaw.Tests.Turn;

public sealed class TurnLoginTests
{
    private static readonly TurnCredential Matrix = new("マトリックス", "TheMatrIX");

    [Fact]
    public void A_sealed_request_is_that_of_RFC_5769_bit_for_bit()
    {
        var login = new TurnLogin(Matrix);
        Assert.Null(login.TakeChallenge(Read(Challenge("f//499k954d6OL34oL9FSTvy64sA", null))));
        StunReader.TryRead(StunSamples.LongTermRequest, out var sample);
        var request = new StunWriter(new byte[300], StunMethod.Binding, StunClass.Request, sample.Transaction);
        login.Seal(ref request);
        Assert.Equal(StunSamples.LongTermRequest, request.Finish().ToArray());
    }

    [Theory]
    [InlineData("obMatJos2QAAA")] // the second bit from the left, as RFC 8489 §18.1 counts
    [InlineData("obMatJos2AAAC")] // from the right, as its example in B.1 does
    public void The_name_is_hidden_as_in_RFC_8489_where_the_nonce_says_so(string cookie)
    {
        var login = new TurnLogin(Matrix);
        Assert.Null(login.TakeChallenge(Read(Challenge(cookie + "f//499k954d6OL34oL9FSTvy64sA", [0, 2, 0, 0]))));
        var request = new StunWriter(new byte[400], StunMethod.Binding, StunClass.Request, new TransactionId(1, 1));
        login.Seal(ref request);
        var sealedRequest = Read(request.Finish().ToArray());
        StunReader.TryRead(StunSamples.Sha256Request, out var sample);

        Assert.True(sample.TryFind(StunAttributeType.Userhash, out var expected) && sealedRequest.TryFind(StunAttributeType.Userhash, out var hash)
            && hash.Value.SequenceEqual(expected.Value));
        Assert.False(sealedRequest.Has(StunAttributeType.Username));
        Assert.Equal(StunSeal.Valid, sealedRequest.CheckIntegrity(StunSamples.LongTermKeySha256));
    }

    [Theory]
    [InlineData("0002000000010000", 2)]   // the server's order counts
    [InlineData("0001000000020000", 1)]
    [InlineData("00090003aabbcc0000020000", 2)] // unknown, with padded parameters
    [InlineData("0009000000080000", 0)]
    [InlineData("000200", 0)]
    [InlineData("00020008aabb0000", 0)]
    [InlineData("", 0)]
    public void The_first_known_algorithm_is_taken(string algorithms, int chosen)
    {
        var login = new TurnLogin(Matrix);
        var refusal = login.TakeChallenge(Read(Challenge("obMatJos2gAAAx", Convert.FromHexString(algorithms))));
        Assert.Equal(chosen == 0 ? GatheringFailure.BadChallenge : null, refusal);
        if (chosen == 0) return;

        var request = new StunWriter(new byte[400], StunMethod.Allocate, StunClass.Request, new TransactionId(1, 1));
        login.Seal(ref request);
        var message = Read(request.Finish().ToArray());
        Assert.Equal(chosen == 2, message.Has(StunAttributeType.MessageIntegritySha256));
        Assert.True(message.TryFind(StunAttributeType.PasswordAlgorithms, out var repeated) && Convert.ToHexStringLower(repeated.Value) == algorithms);
        Assert.True(message.TryFind(StunAttributeType.PasswordAlgorithm, out var named) && named.TryReadUInt32(out uint value) && value == (uint)chosen << 16);
    }

    [Theory]
    [InlineData("obMatJos2gAAAx", GatheringFailure.BidDown)]
    [InlineData("obMatJos2AAABx", GatheringFailure.BidDown)]
    [InlineData("obMatJos2AAAAx", null)]
    [InlineData("obMatJos2", null)]     // too short to say anything
    [InlineData("obMatJos2g!AAx", null)]
    public void A_nonce_that_promises_algorithms_needs_them(string nonce, GatheringFailure? refusal)
        => Assert.Equal(refusal, new TurnLogin(Matrix).TakeChallenge(Read(Challenge(nonce, null))));

    [Fact]
    public void A_438_without_a_realm_keeps_the_realm()
    {
        var login = new TurnLogin(Matrix);
        Assert.Null(login.TakeChallenge(Read(Challenge("one", null))));
        Assert.Null(login.TakeChallenge(Read(Challenge("two", null, realm: null))));
        Assert.Equal(GatheringFailure.BadChallenge, new TurnLogin(Matrix).TakeChallenge(Read(Challenge("one", null, realm: null))));
    }

    private static StunReader Read(byte[] message)
    {
        Assert.Null(StunReader.TryRead(message, out var reader));
        return reader;
    }

    private static byte[] Challenge(string nonce, byte[]? algorithms, string? realm = "example.org")
    {
        var writer = new StunWriter(new byte[400], StunMethod.Allocate, StunClass.ErrorResponse, new TransactionId(1, 1));
        writer.AddError(401, ""u8);
        if (realm is not null) writer.Add(StunAttributeType.Realm, Encoding.UTF8.GetBytes(realm));
        writer.Add(StunAttributeType.Nonce, Encoding.ASCII.GetBytes(nonce));
        if (algorithms is not null) writer.Add(StunAttributeType.PasswordAlgorithms, algorithms);
        return writer.Finish().ToArray();
    }
}
